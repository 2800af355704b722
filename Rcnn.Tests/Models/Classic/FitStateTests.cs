using Rcnn.Core.Models.Classic;
using Rcnn.Tests.Training;

namespace Rcnn.Tests.Models.Classic;

public sealed class FitStateTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    [Fact]
    public void Write_ThenOpen_GivesTheSameNumbers()
    {
        using var folder = new TemporaryFolder();
        Written(folder.File("state"));
        FitState read = FitState.Open(folder.File("state"), Key, Assert.Fail);
        Assert.Equal([7, 8, 9], read.Mining);
        BoxRidge box = Assert.Single(read.Boxes);
        Assert.Equal(new[,] { { 1.0 / 3, -0.0 }, { double.Epsilon, 4 }, { 5, 6 } }, box.Weights);
        Assert.Equal(new[,] { { Math.PI } }, box.Unwhiten);
        Assert.Equal([1, 2, 3, 4e300], box.Mean);
    }

    [Fact]
    public void Open_OtherKey_CountsForNothing_AndSaysSo()
    {
        using var folder = new TemporaryFolder();
        Written(folder.File("state"));
        string? message = null;
        FitState read = FitState.Open(folder.File("state"), [.. Key.Reverse()], text => message = text);
        Assert.Equal((null, 0), (read.Mining, read.Boxes.Count));
        Assert.Contains("of other weights", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_DamagedAnywhere_CountsForNothing_AndSaysSo()
    {
        using var folder = new TemporaryFolder();
        Written(folder.File("state"));
        byte[] whole = File.ReadAllBytes(folder.File("state"));
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] flipped = [.. whole];
            flipped[i] ^= 4;
            foreach (byte[] damaged in new[] { flipped, whole[..i] })
            {
                File.WriteAllBytes(folder.File("state"), damaged);
                string? message = null;
                FitState read = FitState.Open(folder.File("state"), Key, text => message = text);
                Assert.Equal((null, 0), (read.Mining, read.Boxes.Count));
                Assert.Contains("damaged", message, StringComparison.Ordinal);
            }
        }
    }

    private static void Written(string path)
    {
        FitState state = FitState.Open(path, Key, null);
        state.Mining = [7, 8, 9];
        state.Boxes.Add(new BoxRidge(new[,] { { 1.0 / 3, -0.0 }, { double.Epsilon, 4 }, { 5, 6 } }, new[,] { { Math.PI } }, [1, 2, 3, 4e300]));
        state.Write();
    }
}
