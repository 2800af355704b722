using Rcnn.Core;
using Rcnn.Core.Data;

namespace Rcnn.Tests.Data;

public sealed class FirstImagesTests
{
    [Fact]
    public void Open_WithANumberBehind_GivesTheFirstImagesWithAllClasses()
    {
        IDetectionDataset whole = DatasetFactory.Open("synthetic:val:5"), part = DatasetFactory.Open("synthetic:val:5@2"), more = DatasetFactory.Open("synthetic:val:5@9");
        Assert.Equal((2, 5, "synthetic:val:5@2"), (part.Count, more.Count, part.Name));
        Assert.Equal(whole.ClassNames, part.ClassNames);
        Assert.Equal(whole.CategoryIds, part.CategoryIds);
        Assert.Equal(whole[1].Objects, part[1].Objects);
        Assert.Equal(whole.Decode(1).Pixels, part.Decode(1).Pixels);
        Assert.Throws<ArgumentOutOfRangeException>(() => part[2]);
        Assert.NotEqual(whole.Fingerprint(), part.Fingerprint());
    }

    [Fact]
    public void Open_AFolderWhoseNameEndsSo_TakesTheFolder()
    {
        using var folder = new DataFolder();
        string named = Directory.CreateDirectory(Path.Combine(folder.Root, "photos@2")).FullName;
        RcnnException e = Assert.Throws<RcnnException>(() => DatasetFactory.Open("voc:" + named));
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WithNoImages_IsRejected() =>
        Assert.Contains("got 0", Assert.Throws<RcnnException>(() => DatasetFactory.Open("synthetic@0")).Message, StringComparison.Ordinal);
}
