using Rcnn.Core.Models.Classic;
using Rcnn.Tests.Training;

namespace Rcnn.Tests.Models.Classic;

public sealed class FeatureCacheTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    [Fact]
    public void Open_SameKey_KeepsWhatIsDone_AndAnotherKeyStartsAnew()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("features.cache");
        using (var cache = FeatureCache.Open(file, Key, 3, 5, 2))
        {
            Assert.False(cache.Has(0));
            cache.Store(1, 2, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        }

        using (var again = FeatureCache.Open(file, Key, 3, 5, 2))
        {
            Assert.False(again.Has(0));
            Assert.True(again.Has(1));
            Assert.Equal([4, 5, 6], again.Row(3).ToArray());
        }

        byte[] other = [.. Key.Reverse()];
        using var fresh = FeatureCache.Open(file, other, 3, 5, 2);
        Assert.False(fresh.Has(1));
    }

    [Fact]
    public void Store_OutOfRange_IsRejected()
    {
        using var folder = new TemporaryFolder();
        using var cache = FeatureCache.Open(folder.File("features.cache"), Key, 3, 5, 2);
        Assert.Throws<ArgumentException>(() => cache.Store(0, 4, new float[6]));
        Assert.Throws<ArgumentException>(() => cache.Store(0, 0, new float[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Row(5));
    }
}
