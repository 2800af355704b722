using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>
/// The texture of one channel: for every pixel the histogram bin of its derivative in eight directions (Uijlings et al. 2013, §3.2). The positive and the negative part of
/// each of four derivatives are stretched over 0 … 255 by their own extremes in the image and cut into ten bins. Dispose once.
/// </summary>
internal sealed unsafe class TextureBins : IDisposable
{
    public const int Directions = 8, Bins = 10;
    private readonly Scratch<ulong> _codes;

    public TextureBins(ReadOnlySpan<byte> plane, int height, int width)
    {
        int pixels = height * width;
        _codes = new Scratch<ulong>(pixels);
        using var alongX = new Scratch<short>(pixels);
        using var alongY = new Scratch<short>(pixels);
        using var first = new Scratch<int>(pixels);
        using var second = new Scratch<int>(pixels);
        fixed (byte* p = plane)
        {
            ScharrGradient.Apply(p, height, width, alongX.Pointer, alongY.Pointer);
            new DiagonalGradient(height, width).Apply(p, first.Pointer, second.Pointer);
        }

        new Span<ulong>(Pointer, pixels).Clear();
        using var wide = new Scratch<int>(pixels);
        Add(Widen(alongX.Pointer, wide.Pointer, pixels), pixels, 1, 0);
        Add(Widen(alongY.Pointer, wide.Pointer, pixels), pixels, 1, 2);
        Add(first.Pointer, pixels, DiagonalGradient.Scale, 4);
        Add(second.Pointer, pixels, DiagonalGradient.Scale, 6);
    }

    /// <summary>[height·width]: byte d of a code is 10·d + bin, so the eight bytes point at eight different counters.</summary>
    public ulong* Pointer => _codes.Pointer;

    public void Dispose() => _codes.Dispose();

    private static int* Widen(short* source, int* target, int count)
    {
        for (int i = 0; i < count; i++)
        {
            target[i] = source[i];
        }

        return target;
    }

    private void Add(int* derivative, int count, int unit, int direction)
    {
        int lowest = int.MaxValue, highest = int.MinValue;
        for (int i = 0; i < count; i++)
        {
            lowest = Math.Min(lowest, derivative[i]);
            highest = Math.Max(highest, derivative[i]);
        }

        var positive = new Stretch(Math.Max(lowest, 0), Math.Max(highest, 0), unit, direction);
        var negative = new Stretch(Math.Min(lowest, 0), Math.Min(highest, 0), unit, direction + 1);
        ulong positiveZero = positive.Code(0), negativeZero = negative.Code(0);
        for (int i = 0; i < count; i++)
        {
            int v = derivative[i];
            Pointer[i] |= v > 0 ? positive.Code(v) | negativeZero : positiveZero | negative.Code(v);
        }
    }

    /// <summary>lowest … highest onto 0 … 255, rounded, then ten bins; a constant part has only the first.</summary>
    private readonly struct Stretch
    {
        private readonly float _scale, _shift;
        private readonly ulong[] _codes;

        public Stretch(int lowest, int highest, int unit, int direction)
        {
            double scale = highest > lowest ? 255.0 * unit / (highest - lowest) : 0;
            (_scale, _shift) = ((float)(scale / unit), (float)(-scale * lowest / unit));
            _codes = [.. Enumerable.Range(0, 256).Select(v => (ulong)((Bins * direction) + (v * Bins / 256)) << (8 * direction))];
        }

        public ulong Code(int v) => _codes[(byte)(int)MathF.Round((v * _scale) + _shift)];
    }
}
