using Rcnn.Ops;

namespace Rcnn.Core.Data;

/// <summary>One image with its training objects, before it becomes tensors.</summary>
/// <param name="Index">In the dataset.</param>
/// <param name="ImageId">For messages.</param>
/// <param name="Image">Is never changed.</param>
/// <param name="Boxes">In pixels of <paramref name="Image"/>.</param>
/// <param name="Labels">1..C, one for each box.</param>
/// <param name="Masks">One for each box, of the size of <paramref name="Image"/>; null where nobody asked for masks.</param>
/// <param name="Proposals">Regions from outside, in pixels of <paramref name="Image"/>; null where the model makes its own.</param>
public sealed record Sample(
    int Index, long ImageId, RgbImage Image, IReadOnlyList<Box> Boxes, IReadOnlyList<int> Labels, IReadOnlyList<BitmapMask>? Masks = null,
    IReadOnlyList<Box>? Proposals = null)
{
    /// <summary>The mirror image: column x becomes width − 1 − x, a box edge x becomes width − x.</summary>
    public Sample FlipHorizontally()
    {
        int width = Image.Width;
        return this with
        {
            Image = Image.FlipHorizontally(),
            Boxes = [.. Boxes.Select(b => new Box(width - b.X2, b.Y1, width - b.X1, b.Y2))],
            Proposals = Proposals is null ? null : [.. Proposals.Select(b => new Box(width - b.X2, b.Y1, width - b.X1, b.Y2))],
            Masks = Masks is null ? null : [.. Masks.Select(m => m.FlipHorizontally())],
        };
    }
}
