using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>One RoI in whole feature cells, both corners inclusive (Girshick 2015, §2.1).</summary>
internal readonly struct RoiPoolRegion
{
    private readonly int _x, _y;
    private readonly float _binHeight, _binWidth;

    public unsafe RoiPoolRegion(float* roi, float scale, RoiRounding rounding, int rows, int columns)
    {
        MidpointRounding mode = rounding == RoiRounding.HalfToEven ? MidpointRounding.ToEven : MidpointRounding.AwayFromZero;
        Batch = (int)roi[0];
        _x = Round(roi[1] * scale, mode);
        _y = Round(roi[2] * scale, mode);
        _binHeight = (float)Math.Max((long)Round(roi[4] * scale, mode) - _y + 1, 1) / rows;
        _binWidth = (float)Math.Max((long)Round(roi[3] * scale, mode) - _x + 1, 1) / columns;
    }

    public int Batch { get; }

    /// <summary>Cells [from, to) of a row of bins, clipped to the map.</summary>
    public (int From, int To) Rows(int bin, int height) => Cells(bin, _binHeight, _y, height);

    /// <summary>Cells [from, to) of a column of bins, clipped to the map.</summary>
    public (int From, int To) Columns(int bin, int width) => Cells(bin, _binWidth, _x, width);

    private static (int From, int To) Cells(int bin, float binSize, int start, int size)
    {
        long from = (long)MathF.Floor(bin * binSize) + start;
        long to = (long)MathF.Ceiling((bin + 1) * binSize) + start;
        return ((int)Math.Clamp(from, 0, size), (int)Math.Clamp(to, 0, size));
    }

    private static int Round(float v, MidpointRounding mode) => (int)MathF.Round(v, mode);
}

/// <summary>RoIPool on the CPU. Features are NHWC; the pooled side is NHWC or NCHW.</summary>
internal static unsafe class RoiPoolCpu
{
    private const int RoisPerPiece = 16;

    /// <param name="features">[B,H,W,C]</param>
    /// <param name="rois">[count,5]; image indices were checked by the caller.</param>
    /// <param name="outputRows">Row of the output for each RoI, or null for 0, 1, 2, …</param>
    /// <param name="output">[R,P_h,P_w,C] when <paramref name="channelsLast"/>, else [R,C,P_h,P_w].</param>
    /// <param name="winners">y·W + x of each maximum, −1 for an empty bin; laid out as the output. Null when no gradient is wanted.</param>
    public static void Forward(float* features, int height, int width, int channels, float* rois, int count, int* outputRows, float scale,
        RoiRounding rounding, int rows, int columns, float* output, int* winners, bool channelsLast)
    {
        int bins = rows * columns;
        ParallelLoop.Run((count + RoisPerPiece - 1) / RoisPerPiece, piece =>
        {
            long tileSize = channelsLast ? 1 : (long)bins * channels;
            using var tile = new Scratch<float>(tileSize);
            using var winnerTile = new Scratch<float>(winners == null ? 1 : tileSize);
            int end = Math.Min(count, (piece + 1) * RoisPerPiece);
            for (int k = piece * RoisPerPiece; k < end; k++)
            {
                var region = new RoiPoolRegion(rois + 5L * k, scale, rounding, rows, columns);
                float* image = features + (long)region.Batch * height * width * channels;
                long row = outputRows == null ? k : outputRows[k];
                float* pooled = output + row * bins * channels;
                float* won = (float*)winners + row * bins * channels;
                float* target = channelsLast ? pooled : tile.Pointer;
                float* wonTarget = winners == null ? null : channelsLast ? won : winnerTile.Pointer;
                for (int bin = 0; bin < bins; bin++)
                {
                    (int y0, int y1) = region.Rows(bin / columns, height);
                    (int x0, int x1) = region.Columns(bin % columns, width);
                    var cells = new Cells(y0, y1, x0, x1, width, channels);
                    Bin(image, cells, target + (long)bin * channels, wonTarget == null ? null : wonTarget + (long)bin * channels);
                }

                if (!channelsLast)
                {
                    Transpose.Matrix(tile.Pointer, channels, bins, channels, pooled, bins);
                    if (winners != null)
                    {
                        Transpose.Matrix(winnerTile.Pointer, channels, bins, channels, won, bins);
                    }
                }
            }
        });
    }

    /// <summary>Adds each gradient to the cell that won. Everything NHWC; pieces are ranges of channels, so the order of summation is fixed.</summary>
    /// <param name="pooled">[count,P_h,P_w,C]</param>
    /// <param name="gradient">[B,H,W,C], initialised by the caller.</param>
    public static void BackwardChannelsLast(float* pooled, int* winners, float* rois, int count, int* rows, int bins, int pixels, int channels, float* gradient)
    {
        int pieces = Math.Clamp(channels / 32, 1, ParallelLoop.Threads);
        int perPiece = ((channels + pieces - 1) / pieces + 15) / 16 * 16;
        ParallelLoop.Run((channels + perPiece - 1) / perPiece, piece =>
        {
            int first = piece * perPiece, end = Math.Min(channels, first + perPiece);
            for (int k = 0; k < count; k++)
            {
                float* image = gradient + (long)(int)rois[5L * k] * pixels * channels;
                long row = rows == null ? k : rows[k];
                for (int bin = 0; bin < bins; bin++)
                {
                    float* g = pooled + (row * bins + bin) * channels;
                    int* won = winners + (row * bins + bin) * channels;
                    for (int c = first; c < end; c++)
                    {
                        if (won[c] >= 0)
                        {
                            image[(long)won[c] * channels + c] += g[c];
                        }
                    }
                }
            }
        });
    }

    /// <summary>The same for NCHW on both sides: four planes at a time stay in the cache.</summary>
    /// <param name="pooled">[count,C,P_h,P_w]</param>
    /// <param name="gradient">[B,C,H,W], initialised by the caller.</param>
    public static void BackwardChannelsFirst(float* pooled, int* winners, float* rois, int count, int* rows, int bins, int pixels, int channels, float* gradient)
    {
        const int Planes = 4;
        ParallelLoop.Run((channels + Planes - 1) / Planes, piece =>
        {
            int first = piece * Planes, end = Math.Min(channels, first + Planes);
            for (int k = 0; k < count; k++)
            {
                float* image = gradient + (long)(int)rois[5L * k] * channels * pixels;
                long row = rows == null ? k : rows[k];
                for (int c = first; c < end; c++)
                {
                    float* plane = image + (long)c * pixels;
                    float* g = pooled + (row * channels + c) * bins;
                    int* won = winners + (row * channels + c) * bins;
                    for (int bin = 0; bin < bins; bin++)
                    {
                        if (won[bin] >= 0)
                        {
                            plane[won[bin]] += g[bin];
                        }
                    }
                }
            }
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Bin(float* image, in Cells cells, float* output, float* winners)
    {
        int c = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            c = Bin<Lanes512, Vector512<float>>(image, cells, c, output, winners);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            c = Bin<Lanes256, Vector256<float>>(image, cells, c, output, winners);
        }

        if (c < cells.Channels && Vector128.IsHardwareAccelerated)
        {
            c = Bin<Lanes128, Vector128<float>>(image, cells, c, output, winners);
        }

        if (c < cells.Channels)
        {
            Bin<Lanes1, float>(image, cells, c, output, winners);
        }
    }

    // An empty bin gives 0; a bin of nothing but NaN gives the lowest float. Winners travel as the bits of a float.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Bin<TLanes, TVector>(float* image, in Cells s, int c, float* output, float* winners)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int n = TLanes.Count;
        TVector start = TLanes.Create(s.Y1 <= s.Y0 || s.X1 <= s.X0 ? 0f : float.MinValue);
        TVector nobody = TLanes.Create(BitConverter.Int32BitsToSingle(-1));
        if (winners == null)
        {
            for (; c + 4 * n <= s.Channels; c += 4 * n)
            {
                TVector m0 = start, m1 = start, m2 = start, m3 = start;
                for (int y = s.Y0; y < s.Y1; y++)
                {
                    float* p = image + ((long)y * s.Width + s.X0) * s.Channels + c;
                    for (int x = s.X0; x < s.X1; x++, p += s.Channels)
                    {
                        m0 = TLanes.Max(TLanes.Load(p), m0);
                        m1 = TLanes.Max(TLanes.Load(p + n), m1);
                        m2 = TLanes.Max(TLanes.Load(p + 2 * n), m2);
                        m3 = TLanes.Max(TLanes.Load(p + 3 * n), m3);
                    }
                }

                TLanes.Store(m0, output + c);
                TLanes.Store(m1, output + c + n);
                TLanes.Store(m2, output + c + 2 * n);
                TLanes.Store(m3, output + c + 3 * n);
            }

            for (; c + n <= s.Channels; c += n)
            {
                TVector m = start;
                for (int y = s.Y0; y < s.Y1; y++)
                {
                    float* p = image + ((long)y * s.Width + s.X0) * s.Channels + c;
                    for (int x = s.X0; x < s.X1; x++, p += s.Channels)
                    {
                        m = TLanes.Max(TLanes.Load(p), m);
                    }
                }

                TLanes.Store(m, output + c);
            }

            return c;
        }

        for (; c + 4 * n <= s.Channels; c += 4 * n)
        {
            TVector m0 = start, m1 = start, m2 = start, m3 = start, i0 = nobody, i1 = nobody, i2 = nobody, i3 = nobody;
            for (int y = s.Y0; y < s.Y1; y++)
            {
                float* p = image + ((long)y * s.Width + s.X0) * s.Channels + c;
                for (int x = s.X0; x < s.X1; x++, p += s.Channels)
                {
                    TVector at = TLanes.Create(BitConverter.Int32BitsToSingle(y * s.Width + x));
                    TVector v0 = TLanes.Load(p), v1 = TLanes.Load(p + n), v2 = TLanes.Load(p + 2 * n), v3 = TLanes.Load(p + 3 * n);
                    i0 = TLanes.Select(TLanes.Greater(v0, m0), at, i0);
                    i1 = TLanes.Select(TLanes.Greater(v1, m1), at, i1);
                    i2 = TLanes.Select(TLanes.Greater(v2, m2), at, i2);
                    i3 = TLanes.Select(TLanes.Greater(v3, m3), at, i3);
                    m0 = TLanes.Max(v0, m0);
                    m1 = TLanes.Max(v1, m1);
                    m2 = TLanes.Max(v2, m2);
                    m3 = TLanes.Max(v3, m3);
                }
            }

            TLanes.Store(m0, output + c);
            TLanes.Store(m1, output + c + n);
            TLanes.Store(m2, output + c + 2 * n);
            TLanes.Store(m3, output + c + 3 * n);
            TLanes.Store(i0, winners + c);
            TLanes.Store(i1, winners + c + n);
            TLanes.Store(i2, winners + c + 2 * n);
            TLanes.Store(i3, winners + c + 3 * n);
        }

        for (; c + n <= s.Channels; c += n)
        {
            TVector m = start, i = nobody;
            for (int y = s.Y0; y < s.Y1; y++)
            {
                float* p = image + ((long)y * s.Width + s.X0) * s.Channels + c;
                for (int x = s.X0; x < s.X1; x++, p += s.Channels)
                {
                    TVector v = TLanes.Load(p);
                    i = TLanes.Select(TLanes.Greater(v, m), TLanes.Create(BitConverter.Int32BitsToSingle(y * s.Width + x)), i);
                    m = TLanes.Max(v, m);
                }
            }

            TLanes.Store(m, output + c);
            TLanes.Store(i, winners + c);
        }

        return c;
    }

    private readonly record struct Cells(int Y0, int Y1, int X0, int X1, int Width, int Channels);
}
