using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>
/// One channel as float32 after a Gaussian: separable, 2·round(4σ)+1 taps, borders mirrored without the edge pixel (… 2 1 | 0 1 2 …), the kernel normalised in double.
/// These are the taps of OpenCV's GaussianBlur on float images. Dispose once.
/// </summary>
internal sealed unsafe class SmoothPlane : IDisposable
{
    private readonly Scratch<float> _values;

    public SmoothPlane(ReadOnlySpan<byte> plane, int height, int width, double sigma)
    {
        (Height, Width) = (height, width);
        _values = new Scratch<float>((long)height * width);
        float[] kernel = Kernel(sigma);
        int radius = kernel.Length / 2;
        using var padded = new Scratch<float>(width + (2 * radius));
        using var across = new Scratch<float>((long)height * width);
        var rows = new nint[kernel.Length];
        fixed (float* taps = kernel)
        fixed (nint* row = rows)
        {
            for (int y = 0; y < height; y++)
            {
                Widen(plane.Slice(y * width, width), padded.Pointer, radius);
                for (int t = 0; t < rows.Length; t++)
                {
                    row[t] = (nint)(padded.Pointer + t);
                }

                Blend((float**)row, taps, radius, across.Pointer + ((long)y * width), width);
            }

            for (int y = 0; y < height; y++)
            {
                for (int t = 0; t < rows.Length; t++)
                {
                    row[t] = (nint)(across.Pointer + ((long)Mirror(y + t - radius, height) * width));
                }

                Blend((float**)row, taps, radius, Pointer + ((long)y * width), width);
            }
        }
    }

    public int Height { get; }

    public int Width { get; }

    /// <summary>Row-major, height·width.</summary>
    public float* Pointer => _values.Pointer;

    public void Dispose() => _values.Dispose();

    /// <summary>Index <paramref name="i"/> after reflection about the first and the last element of <paramref name="count"/>.</summary>
    internal static int Mirror(int i, int count)
    {
        if (count == 1)
        {
            return 0;
        }

        int period = 2 * (count - 1);
        i = ((i % period) + period) % period;
        return i < count ? i : period - i;
    }

    private static float[] Kernel(double sigma)
    {
        int radius = sigma > 0 ? (int)Math.Round((sigma * 8) + 1) / 2 : 0;
        var weights = new double[(2 * radius) + 1];
        for (int t = 0; t < weights.Length; t++)
        {
            double d = t - radius;
            weights[t] = d == 0 ? 1 : Math.Exp(-d * d / (2 * sigma * sigma));
        }

        double sum = weights.Sum();
        return [.. weights.Select(w => (float)(w / sum))];
    }

    private static void Widen(ReadOnlySpan<byte> row, float* padded, int radius)
    {
        for (int x = 0; x < row.Length; x++)
        {
            padded[radius + x] = row[x];
        }

        for (int t = 1; t <= radius; t++)
        {
            padded[radius - t] = row[Mirror(-t, row.Length)];
            padded[radius + row.Length - 1 + t] = row[Mirror(row.Length - 1 + t, row.Length)];
        }
    }

    private static void Blend(float** rows, float* taps, int radius, float* target, int count)
    {
        int x = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            x = Blend<Lanes512, Vector512<float>>(rows, taps, radius, target, x, count);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            x = Blend<Lanes256, Vector256<float>>(rows, taps, radius, target, x, count);
        }

        if (Vector128.IsHardwareAccelerated)
        {
            x = Blend<Lanes128, Vector128<float>>(rows, taps, radius, target, x, count);
        }

        Blend<Lanes1, float>(rows, taps, radius, target, x, count);
    }

    private static int Blend<TLanes, TVector>(float** rows, float* taps, int radius, float* target, int x, int count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        for (; x <= count - TLanes.Count; x += TLanes.Count)
        {
            TVector sum = TLanes.Multiply(TLanes.Load(rows[radius] + x), TLanes.Create(taps[radius]));
            for (int t = 1; t <= radius; t++)
            {
                TVector pair = TLanes.Add(TLanes.Load(rows[radius - t] + x), TLanes.Load(rows[radius + t] + x));
                sum = TLanes.MultiplyAdd(pair, TLanes.Create(taps[radius + t]), sum);
            }

            TLanes.Store(sum, target + x);
        }

        return x;
    }
}
