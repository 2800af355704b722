using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Training;
using Rcnn.Ops;
using Rcnn.Tests.Training;

namespace Rcnn.Tests.Data;

public sealed class SelectiveSearchConfigTests
{
    private static readonly string[] Settings =
    [
        "data.proposals.selectiveSearch.sigma=0.5", "data.proposals.selectiveSearch.scales=[50,100]", "data.proposals.selectiveSearch.minSize=0", "data.proposals.selectiveSearch.minSide=3",
        "data.proposals.selectiveSearch.colourSpaces=[\"lab\"]", "data.proposals.selectiveSearch.similarities=[\"texture+fill\",\"size\"]",
        "data.proposals.selectiveSearch.neighbourhood=eight", "data.proposals.selectiveSearch.seed=4",
    ];

    [Fact]
    public void Settings_AreTheOptionsOfTheSearch_AndPartOfTheName()
    {
        ProposalConfig config = ConfigOverrides.Apply(new TrainConfig(), [.. Settings, "data.proposals.method=selective-search-fast"]).Data.Proposals;
        IProposalMethod method = ProposalMethods.Create(config.Method!, config.SelectiveSearch);
        Assert.Equal("selective-search-fast sigma=0.5 scales=50,100 minSize=0 minSide=3 colourSpaces=lab similarities=texture+fill,size neighbourhood=eight seed=4", method.Name);
        RgbImage image = DataFolder.Pattern(48, 36);
        float[] expected = SelectiveSearch.Boxes(image.Pixels, 36, 48, new SelectiveSearchOptions
        {
            Sigma = 0.5, Scales = [50, 100], MinSize = null, MinSide = 3, ColourSpaces = [ColourSpace.Lab], Similarities = [Similarity.Texture | Similarity.Fill, Similarity.Size],
            Neighbourhood = PixelNeighbourhood.Eight, Seed = 4,
        });
        Assert.Equal(expected, method.Propose(image).SelectMany(b => new[] { (float)b.X1, (float)b.Y1, (float)b.X2, (float)b.Y2 }));
    }

    [Fact]
    public void EachSetting_HasACacheOfItsOwn()
    {
        using var folder = new TemporaryFolder();
        string[] names = [.. Settings.Select(s => Method(s).Name), Method().Name];
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.Equal("selective-search-fast", Method().Name);
        ProposalCache.Open(folder.File("p"), Method().Name).Dispose();
        Assert.Contains("wanted are those of selective-search-fast sigma=0.5", Assert.Throws<RcnnException>(() => ProposalCache.Open(folder.File("p"), Method(Settings[0]).Name)).Message);
    }

    [Theory]
    [InlineData("data.proposals.selectiveSearch.colourSpaces=[\"cmyk\"]", "selective-search-fast", "data.proposals.selectiveSearch.colourSpaces=cmyk: expected hsv, lab")]
    [InlineData("data.proposals.selectiveSearch.similarities=[]", "selective-search-fast", "data.proposals.selectiveSearch.similarities=[]: expected one or more")]
    [InlineData("data.proposals.selectiveSearch.sigma=1", "sliding-windows", "sigma=1: nothing expected with the method sliding-windows")]
    [InlineData("data.proposals.selectiveSearch.sigma=1", "null", "sigma=1: nothing expected without data.proposals.method")]
    public void WhatDoesNotFit_IsNamed(string setting, string method, string expected)
    {
        TrainConfig config = ConfigOverrides.Apply(new TrainConfig(), [setting, $"data.proposals.method={method}"]);
        Assert.Contains(expected, Assert.Throws<RcnnException>(() => ConfigCheck.Validate(config)).Message);
    }

    [Fact]
    public void Descriptions_NameTheConstantsOfEveryMode()
    {
        Assert.Equal(ProposalMethods.Names.Order(), ProposalMethods.Descriptions.Select(d => d[..d.IndexOf(':')]).Order());
        Assert.Contains("selective-search-paper-fast: hsv, lab; k 50, 100; σ 0.8; regions of k pixels or more; box sides of 20 or more; colour+texture+size+fill, texture+size+fill; eight neighbours", ProposalMethods.Descriptions);
        Assert.Contains("selective-search-fast: hsv, lab; k 150, 300, 450; σ 0.8; regions of 100 pixels or more; box sides of 1 or more; colour+texture+size+fill, texture+size+fill; four neighbours", ProposalMethods.Descriptions);
    }

    private static IProposalMethod Method(params string[] settings)
    {
        ProposalConfig config = ConfigOverrides.Apply(new TrainConfig(), settings).Data.Proposals;
        return ProposalMethods.Create("selective-search-fast", config.SelectiveSearch);
    }
}
