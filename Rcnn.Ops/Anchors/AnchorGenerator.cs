using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// Anchors of a feature pyramid (Ren et al. 2015, §3.1.1; one size a level: Lin et al. 2017). Around each cell's corner (x·stride, y·stride) lie
/// boxes of height size·√ratio and width size/√ratio. Order: level, row, column, anchor of the cell.
/// </summary>
public sealed class AnchorGenerator
{
    private readonly float[][] _cells;

    /// <param name="sizes">Per level, side lengths in pixels of the network input.</param>
    /// <param name="aspectRatios">Height over width, the same on every level.</param>
    /// <param name="convention">Rounding and order; null for torchvision's.</param>
    /// <exception cref="ArgumentException">No level, a level without sizes, or a size or ratio that is not positive.</exception>
    public AnchorGenerator(double[][] sizes, double[] aspectRatios, AnchorConvention? convention = null)
        : this(sizes, Enumerable.Repeat(aspectRatios, sizes.Length).ToArray(), convention)
    {
    }

    /// <param name="sizes">Per level, side lengths in pixels of the network input.</param>
    /// <param name="aspectRatios">Per level, height over width.</param>
    /// <param name="convention">Rounding and order; null for torchvision's.</param>
    /// <exception cref="ArgumentException">As above, or another number of levels in the two.</exception>
    public AnchorGenerator(double[][] sizes, double[][] aspectRatios, AnchorConvention? convention = null)
    {
        if (sizes.Length == 0 || sizes.Length != aspectRatios.Length)
        {
            throw new ArgumentException($"sizes and aspect ratios for the same levels, at least one, expected; got {sizes.Length} and {aspectRatios.Length}");
        }

        _cells = sizes.Zip(aspectRatios, (s, r) => Cell(s, r, convention ?? AnchorConvention.Torchvision)).ToArray();
    }

    /// <summary>Where grids of anchors are made; the CPU at first.</summary>
    public Device Device { get; set; } = CPU;

    /// <summary>Number of pyramid levels.</summary>
    public int Levels => _cells.Length;

    /// <summary>Anchors at one cell of <paramref name="level"/>.</summary>
    public int PerCell(int level) => _cells[level].Length / 4;

    /// <summary>[A,4] float32: the anchors around the origin.</summary>
    public Tensor CellAnchors(int level) => tensor(_cells[level]).reshape(-1, 4);

    /// <summary>All anchors of an image, level after level.</summary>
    /// <param name="image">Height and width of the padded network input, pixels. The stride of a level is image / grid, rounded down.</param>
    /// <param name="grids">Height and width of each level's map.</param>
    /// <returns>[Σ H·W·A, 4] float32 (x1,y1,x2,y2) in pixels; they may leave the image</returns>
    /// <exception cref="ArgumentException">Another number of levels, or an empty map.</exception>
    public Tensor Grid((int Height, int Width) image, IReadOnlyList<(int Height, int Width)> grids) => GridOf(grids, Strides(image, grids));

    /// <summary>All anchors of an image where the backbone fixes the strides (detectron2, py-faster-rcnn).</summary>
    /// <param name="strides">Input pixels between the cells of each level, both ways.</param>
    /// <param name="grids">Height and width of each level's map.</param>
    /// <returns>[Σ H·W·A, 4] float32 (x1,y1,x2,y2) in pixels; they may leave the image</returns>
    /// <exception cref="ArgumentException">Another number of levels, a stride below 1, or an empty map.</exception>
    public Tensor Grid(IReadOnlyList<int> strides, IReadOnlyList<(int Height, int Width)> grids)
    {
        if (strides.Count != Levels || !strides.All(s => s > 0))
        {
            throw new ArgumentException($"{Levels} strides of at least 1 expected, got [{string.Join(", ", strides)}]", nameof(strides));
        }

        Check(grids);
        return GridOf(grids, [.. strides.Select(s => (s, s))]);
    }

    private unsafe Tensor GridOf(IReadOnlyList<(int Height, int Width)> grids, (int Y, int X)[] strides)
    {
        long total = 0;
        for (int level = 0; level < Levels; level++)
        {
            total += Count(level, grids[level]);
        }

        Tensor anchors = empty([total, 4], float32, Device);
        if (KernelLauncher.For(anchors) is { } launcher)
        {
            long at = 0;
            for (int level = 0; level < Levels; at += Count(level, grids[level++]))
            {
                using Tensor part = anchors.narrow(0, at, Count(level, grids[level]));
                BoxesCuda.Anchors(launcher, _cells[level], grids[level].Width, strides[level], part);
            }

            return anchors;
        }

        float* p = (float*)Engine.Pointer(anchors);
        for (int level = 0; level < Levels; level++)
        {
            Fill(level, strides[level], grids[level], p);
            p += 4 * Count(level, grids[level]);
        }

        return anchors;
    }

    /// <summary>As <see cref="Grid(ValueTuple{int, int}, IReadOnlyList{ValueTuple{int, int}})"/>, one tensor a level.</summary>
    public unsafe IReadOnlyList<Tensor> GridPerLevel((int Height, int Width) image, IReadOnlyList<(int Height, int Width)> grids)
    {
        (int Y, int X)[] strides = Strides(image, grids);
        var anchors = new Tensor[Levels];
        for (int level = 0; level < Levels; level++)
        {
            anchors[level] = empty([Count(level, grids[level]), 4], float32, Device);
            if (KernelLauncher.For(anchors[level]) is { } launcher)
            {
                BoxesCuda.Anchors(launcher, _cells[level], grids[level].Width, strides[level], anchors[level]);
                continue;
            }

            Fill(level, strides[level], grids[level], (float*)Engine.Pointer(anchors[level]));
        }

        return anchors;
    }

    private static float[] Cell(double[] sizes, double[] ratios, AnchorConvention convention)
    {
        if (sizes.Length == 0 || ratios.Length == 0 || !sizes.Concat(ratios).All(v => v > 0 && double.IsFinite(v)))
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"positive sizes and ratios expected, got [{string.Join(", ", sizes)}] and [{string.Join(", ", ratios)}]"));
        }

        IEnumerable<(double Size, double Ratio)> pairs = convention.Order == AnchorOrder.RatioMajor
            ? from r in ratios from s in sizes select (s, r)
            : from s in sizes from r in ratios select (s, r);
        return [.. pairs.SelectMany(p => convention.Corners(p.Size, p.Ratio))];
    }

    private long Count(int level, (int Height, int Width) grid) => (long)grid.Height * grid.Width * PerCell(level);

    private void Check(IReadOnlyList<(int Height, int Width)> grids)
    {
        if (grids.Count != Levels)
        {
            throw new ArgumentException($"{Levels} levels expected, got {grids.Count} grids", nameof(grids));
        }

        for (int level = 0; level < grids.Count; level++)
        {
            if (grids[level].Height <= 0 || grids[level].Width <= 0)
            {
                throw new ArgumentException($"grid {level} is empty: {grids[level].Height}×{grids[level].Width}", nameof(grids));
            }
        }
    }

    private (int Y, int X)[] Strides((int Height, int Width) image, IReadOnlyList<(int Height, int Width)> grids)
    {
        Check(grids);
        return [.. grids.Select(g => (image.Height / g.Height, image.Width / g.Width))];
    }

    private unsafe void Fill(int level, (int Y, int X) stride, (int Height, int Width) grid, float* p)
    {
        float[] cell = _cells[level];
        for (int y = 0; y < grid.Height; y++)
        {
            float top = y * stride.Y;
            for (int x = 0; x < grid.Width; x++)
            {
                float left = x * stride.X;
                for (int i = 0; i < cell.Length; i += 4, p += 4)
                {
                    p[0] = left + cell[i];
                    p[1] = top + cell[i + 1];
                    p[2] = left + cell[i + 2];
                    p[3] = top + cell[i + 3];
                }
            }
        }
    }
}
