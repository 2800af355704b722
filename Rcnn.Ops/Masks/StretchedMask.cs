using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>
/// One mask, stretched over the pixels of its box that lie in the image. Interpolation along x happens once for each row of cells, along y once for each row of pixels, from the two
/// rows of cells around it. Dispose once.
/// </summary>
internal readonly unsafe struct StretchedMask : IDisposable
{
    private readonly Scratch<float> _cells;                // [padded rows, pixels of a row]
    private readonly Scratch<Between> _down;

    /// <param name="mask">[side,side].</param>
    /// <param name="side">Cells along a side; 0 leaves nothing.</param>
    /// <param name="box">x1, y1, x2, y2.</param>
    /// <param name="image">Size of the image.</param>
    /// <param name="padding">Border of zeros; <see cref="MaskPasteConvention.Detectron2"/> always has one cell, which is what lies outside of the mask.</param>
    /// <param name="convention">How cells meet pixels.</param>
    public StretchedMask(float* mask, int side, float* box, (int Height, int Width) image, int padding, MaskPasteConvention convention)
    {
        bool centres = convention == MaskPasteConvention.Detectron2;
        padding = centres ? 1 : padding;
        int padded = side + (2 * padding);
        using var across = new Scratch<Between>(image.Width);
        _down = new Scratch<Between>(image.Height);
        (Left, Width) = side == 0 ? default
            : centres ? Centres(box[0], box[2], side, image.Width, across.Pointer) : Whole(box[0], box[2], side, padded, image.Width, across.Pointer);
        (Top, Height) = side == 0 ? default
            : centres ? Centres(box[1], box[3], side, image.Height, _down.Pointer) : Whole(box[1], box[3], side, padded, image.Height, _down.Pointer);
        if (Width == 0 || Height == 0)
        {
            (Width, Height) = (0, 0);
        }

        _cells = new Scratch<float>((long)padded * Width);
        for (int row = 0; row < padded && Height > 0; row++)
        {
            float* target = _cells.Pointer + ((long)row * Width);
            int y = row - padding;
            if (y < 0 || y >= side)
            {
                new Span<float>(target, Width).Clear();
                continue;
            }

            float* cells = mask + ((long)y * side) - padding;
            for (int x = 0; x < Width; x++)
            {
                Between b = across.Pointer[x];
                float low = b.Low >= padding && b.Low < side + padding ? cells[b.Low] : 0, high = b.High >= padding && b.High < side + padding ? cells[b.High] : 0;
                target[x] = ((1 - b.Fraction) * low) + (b.Fraction * high);
            }
        }
    }

    /// <summary>First column of the image that the mask reaches.</summary>
    public int Left { get; }

    public int Top { get; }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Writes the pixels of row <see cref="Top"/> + <paramref name="y"/>.</summary>
    public void Row(int y, float* target)
    {
        Between b = _down.Pointer[y];
        float* low = _cells.Pointer + ((long)b.Low * Width), high = _cells.Pointer + ((long)b.High * Width);
        float above = 1 - b.Fraction, below = b.Fraction;
        int x = 0;
        for (; x <= Width - Vector256<float>.Count; x += Vector256<float>.Count)
        {
            ((Vector256.Load(low + x) * above) + (Vector256.Load(high + x) * below)).Store(target + x);
        }

        for (; x < Width; x++)
        {
            target[x] = (above * low[x]) + (below * high[x]);
        }
    }

    public void Dispose()
    {
        _cells.Dispose();
        _down.Dispose();
    }

    // torchvision: whole pixels from one end of the grown box to the other, both included.
    private static (int First, int Count) Whole(float from, float to, int side, int padded, int size, Between* pixels)
    {
        if (!float.IsFinite(from) || !float.IsFinite(to))
        {
            return default;
        }

        float scale = (float)padded / side, half = (to - from) * 0.5f * scale, center = (to + from) * 0.5f;
        long first = (long)(center - half), last = (long)(center + half);
        float step = (float)padded / Math.Max(last - first + 1, 1);
        int begin = (int)Math.Clamp(first, 0, size), end = (int)Math.Clamp(last + 1, 0, size);
        for (int i = begin; i < end; i++)
        {
            float position = Math.Max((i - first + 0.5f) * step - 0.5f, 0);
            int low = Math.Min((int)position, padded - 1);
            pixels[i - begin] = new Between(low, Math.Min(low + 1, padded - 1), position - low);
        }

        return (begin, Math.Max(end - begin, 0));
    }

    // detectron2: the pixels whose centres are less than one cell away from the mask; cell −1 and cell `side` are the border of zeros.
    private static (int First, int Count) Centres(float from, float to, int side, int size, Between* pixels)
    {
        float length = to - from;
        if (!(length > 0 && float.IsFinite(length)))
        {
            return default;
        }

        double margin = Math.Ceiling((double)length / side) + 1;
        int begin = (int)Math.Clamp(Math.Floor(from - margin), 0, size), end = (int)Math.Clamp(Math.Ceiling(to + margin), 0, size), first = -1, count = 0;
        for (int i = begin; i < end; i++)
        {
            float grid = (((i + 0.5f) - from) / length * 2) - 1, position = (((grid + 1) * side) - 1) / 2, floor = MathF.Floor(position);
            if (floor >= -1 && floor < side)
            {
                first = first < 0 ? i : first;
                pixels[count++] = new Between((int)floor + 1, (int)floor + 2, position - floor);
            }
        }

        return (Math.Max(first, 0), count);
    }

    /// <summary>A pixel lies between two cells of the padded mask, this part of the way from the low one to the high one.</summary>
    private readonly record struct Between(int Low, int High, float Fraction);
}
