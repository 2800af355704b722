namespace Rcnn.Core.Data.Proposals;

/// <summary>Finds regions that may hold an object, of no class in particular. Safe to call from several threads.</summary>
public interface IProposalMethod
{
    /// <summary>Name with every setting that changes the result, for example <c>selective-search-fast</c>; a cache holds the proposals of one.</summary>
    string Name { get; }

    /// <summary>Regions in pixels of the image, the most promising first where the method knows an order. The same image gives the same regions every time.</summary>
    Box[] Propose(RgbImage image);
}
