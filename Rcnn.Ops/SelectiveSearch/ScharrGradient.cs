using System.Numerics;
using System.Runtime.CompilerServices;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>Derivatives along x and y: [−1 0 1] against [3 10 3] (Scharr 2000), borders mirrored without the edge pixel. At most 4080 for 8-bit input.</summary>
internal static unsafe class ScharrGradient
{
    public static void Apply(byte* plane, int height, int width, short* alongX, short* alongY)
    {
        int stride = width + 2;                            // a mirrored pixel at either end
        using var smooth = new Scratch<short>(stride);
        using var slope = new Scratch<short>(stride);
        for (int y = 0; y < height; y++)
        {
            byte* above = plane + ((long)SmoothPlane.Mirror(y - 1, height) * width);
            byte* below = plane + ((long)SmoothPlane.Mirror(y + 1, height) * width);
            Down(above, plane + ((long)y * width), below, smooth.Pointer + 1, slope.Pointer + 1, width);
            foreach (nint line in (ReadOnlySpan<nint>)[(nint)smooth.Pointer, (nint)slope.Pointer])
            {
                short* p = (short*)line + 1;
                p[-1] = p[SmoothPlane.Mirror(-1, width)];
                p[width] = p[SmoothPlane.Mirror(width, width)];
            }

            Across(smooth.Pointer + 1, slope.Pointer + 1, alongX + ((long)y * width), alongY + ((long)y * width), width);
        }
    }

    private static void Down(byte* above, byte* here, byte* below, short* smooth, short* slope, int count)
    {
        int x = 0;
        for (; x <= count - Vector<byte>.Count; x += Vector<byte>.Count)
        {
            Vector.Widen(Unsafe.ReadUnaligned<Vector<byte>>(above + x), out Vector<ushort> a0, out Vector<ushort> a1);
            Vector.Widen(Unsafe.ReadUnaligned<Vector<byte>>(here + x), out Vector<ushort> h0, out Vector<ushort> h1);
            Vector.Widen(Unsafe.ReadUnaligned<Vector<byte>>(below + x), out Vector<ushort> b0, out Vector<ushort> b1);
            Unsafe.WriteUnaligned(smooth + x, ((a0 + b0) * 3) + (h0 * 10));
            Unsafe.WriteUnaligned(smooth + x + Vector<short>.Count, ((a1 + b1) * 3) + (h1 * 10));
            Unsafe.WriteUnaligned(slope + x, b0 - a0);
            Unsafe.WriteUnaligned(slope + x + Vector<short>.Count, b1 - a1);
        }

        for (; x < count; x++)
        {
            smooth[x] = (short)((3 * (above[x] + below[x])) + (10 * here[x]));
            slope[x] = (short)(below[x] - above[x]);
        }
    }

    private static void Across(short* smooth, short* slope, short* alongX, short* alongY, int count)
    {
        int x = 0;
        for (; x <= count - Vector<short>.Count; x += Vector<short>.Count)
        {
            Unsafe.WriteUnaligned(alongX + x, Load(smooth + x + 1) - Load(smooth + x - 1));
            Unsafe.WriteUnaligned(alongY + x, ((Load(slope + x - 1) + Load(slope + x + 1)) * 3) + (Load(slope + x) * 10));
        }

        for (; x < count; x++)
        {
            alongX[x] = (short)(smooth[x + 1] - smooth[x - 1]);
            alongY[x] = (short)((3 * (slope[x - 1] + slope[x + 1])) + (10 * slope[x]));
        }
    }

    private static Vector<short> Load(short* p) => Unsafe.ReadUnaligned<Vector<short>>(p);
}
