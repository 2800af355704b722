using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Rcnn.Ops.Kernels;

/// <summary>Moves a matrix of 32-bit words between row-major and column-major; the step between NCHW and NHWC.</summary>
internal static unsafe class Transpose
{
    /// <summary>destination[c][r] = source[r][c].</summary>
    /// <param name="source">[<paramref name="rows"/>, <paramref name="columns"/>], rows <paramref name="sourceStride"/> words apart.</param>
    /// <param name="destination">[<paramref name="columns"/>, <paramref name="rows"/>], rows <paramref name="destinationStride"/> words apart.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Matrix(float* source, long sourceStride, int rows, int columns, float* destination, long destinationStride)
    {
        int r = 0;
        if (Avx.IsSupported)
        {
            for (; r + 8 <= rows; r += 8)
            {
                int c = 0;
                for (; c + 8 <= columns; c += 8)
                {
                    Block8(source + r * sourceStride + c, sourceStride, destination + c * destinationStride + r, destinationStride);
                }

                for (; c < columns; c++)
                {
                    for (int k = 0; k < 8; k++)
                    {
                        destination[c * destinationStride + r + k] = source[(r + k) * sourceStride + c];
                    }
                }
            }
        }

        for (; r < rows; r++)
        {
            for (int c = 0; c < columns; c++)
            {
                destination[c * destinationStride + r] = source[r * sourceStride + c];
            }
        }
    }

    /// <summary>[B,C,H·W] → [B,H·W,C], in parallel.</summary>
    public static void ToChannelsLast(float* source, int batch, int channels, int pixels, float* destination)
    {
        const int Tile = 256;
        int tiles = (pixels + Tile - 1) / Tile;
        ParallelLoop.Run(batch * tiles, piece =>
        {
            int b = piece / tiles, first = piece % tiles * Tile;
            Matrix(source + (long)b * channels * pixels + first, pixels, channels, Math.Min(Tile, pixels - first),
                destination + ((long)b * pixels + first) * channels, channels);
        });
    }

    /// <summary>[B,H·W,C] → [B,C,H·W], in parallel.</summary>
    public static void ToChannelsFirst(float* source, int batch, int channels, int pixels, float* destination)
    {
        const int Tile = 256;
        int tiles = (pixels + Tile - 1) / Tile;
        ParallelLoop.Run(batch * tiles, piece =>
        {
            int b = piece / tiles, first = piece % tiles * Tile;
            Matrix(source + ((long)b * pixels + first) * channels, channels, Math.Min(Tile, pixels - first), channels,
                destination + (long)b * channels * pixels + first, pixels);
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block8(float* p, long s, float* q, long d)
    {
        Vector256<float> r0 = Vector256.Load(p), r1 = Vector256.Load(p + s), r2 = Vector256.Load(p + 2 * s), r3 = Vector256.Load(p + 3 * s);
        Vector256<float> r4 = Vector256.Load(p + 4 * s), r5 = Vector256.Load(p + 5 * s), r6 = Vector256.Load(p + 6 * s), r7 = Vector256.Load(p + 7 * s);
        Vector256<float> a0 = Avx.UnpackLow(r0, r1), a1 = Avx.UnpackHigh(r0, r1), a2 = Avx.UnpackLow(r2, r3), a3 = Avx.UnpackHigh(r2, r3);
        Vector256<float> a4 = Avx.UnpackLow(r4, r5), a5 = Avx.UnpackHigh(r4, r5), a6 = Avx.UnpackLow(r6, r7), a7 = Avx.UnpackHigh(r6, r7);
        Vector256<float> b0 = Avx.Shuffle(a0, a2, 0x44), b1 = Avx.Shuffle(a0, a2, 0xEE), b2 = Avx.Shuffle(a1, a3, 0x44), b3 = Avx.Shuffle(a1, a3, 0xEE);
        Vector256<float> b4 = Avx.Shuffle(a4, a6, 0x44), b5 = Avx.Shuffle(a4, a6, 0xEE), b6 = Avx.Shuffle(a5, a7, 0x44), b7 = Avx.Shuffle(a5, a7, 0xEE);
        Avx.Permute2x128(b0, b4, 0x20).Store(q);
        Avx.Permute2x128(b1, b5, 0x20).Store(q + d);
        Avx.Permute2x128(b2, b6, 0x20).Store(q + 2 * d);
        Avx.Permute2x128(b3, b7, 0x20).Store(q + 3 * d);
        Avx.Permute2x128(b0, b4, 0x31).Store(q + 4 * d);
        Avx.Permute2x128(b1, b5, 0x31).Store(q + 5 * d);
        Avx.Permute2x128(b2, b6, 0x31).Store(q + 6 * d);
        Avx.Permute2x128(b3, b7, 0x31).Store(q + 7 * d);
    }
}
