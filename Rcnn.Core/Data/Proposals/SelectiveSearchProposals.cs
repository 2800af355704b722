using Rcnn.Ops;

namespace Rcnn.Core.Data.Proposals;

/// <summary>Proposals of <see cref="SelectiveSearch"/>.</summary>
/// <param name="mode">Name of the options: single, fast, quality, paper-fast or paper-quality, with the constants that differ.</param>
/// <param name="options">The options of that name.</param>
public sealed class SelectiveSearchProposals(string mode, SelectiveSearchOptions options) : IProposalMethod
{
    public string Name => "selective-search-" + mode;

    public Box[] Propose(RgbImage image) =>
        [.. SelectiveSearch.Boxes(image.Pixels, image.Height, image.Width, options).Chunk(4).Select(b => new Box(b[0], b[1], b[2], b[3]))];
}
