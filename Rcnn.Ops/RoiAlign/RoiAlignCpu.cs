using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>RoIAlign on the CPU. Features are NHWC; the pooled side is NHWC or NCHW, tile by tile, without a copy of the whole.</summary>
internal static unsafe class RoiAlignCpu
{
    /// <summary>Channels that a pass over neighbouring RoIs takes: four registers of sixteen.</summary>
    public const int ChannelBlock = 64;

    private const int RoisPerPiece = 32;

    /// <summary>Pools <paramref name="count"/> RoIs from one map.</summary>
    /// <param name="features">[B,H,W,C]</param>
    /// <param name="rois">[count,5]; image indices were checked by the caller.</param>
    /// <param name="rows">Row of the output for each RoI, or null for 0, 1, 2, …</param>
    /// <param name="output">[R,P_h,P_w,C] when <paramref name="channelsLast"/>, else [R,C,P_h,P_w].</param>
    /// <remarks>
    /// RoIs go neighbour after neighbour, and a piece of them takes <see cref="ChannelBlock"/> channels at a time: what one RoI brought into the
    /// second-level cache serves the next. The order of summation within a bin stays, so the result does not depend on any of it.
    /// </remarks>
    public static void Forward(float* features, int height, int width, int channels, float* rois, int count, int* rows, RoiAlignSettings settings,
        float* output, bool channelsLast)
    {
        int bins = settings.Height * settings.Width;
        int perPiece = Math.Clamp(count / (4 * ParallelLoop.Threads), 1, RoisPerPiece);
        int[] order = RoiOrder.Neighbours(rois, count, settings.Scale);
        ParallelLoop.Run((count + perPiece - 1) / perPiece, piece =>
        {
            int first = piece * perPiece, own = Math.Min(count, first + perPiece) - first;
            using var axes = new SampleAxes(own, settings, height, width);
            using var tile = new Scratch<float>(channelsLast ? 1 : (long)bins * ChannelBlock);
            for (int i = 0; i < own; i++)
            {
                axes.Build(i, rois + 5L * order[first + i]);
            }

            for (int c = 0; c < channels; c += ChannelBlock)
            {
                int block = Math.Min(ChannelBlock, channels - c);
                for (int i = 0; i < own; i++)
                {
                    int k = order[first + i];
                    ref readonly RoiAlignRegion region = ref axes.Regions[i];
                    float inverse = region.InverseCount;
                    float* image = features + (long)region.Batch * height * width * channels + c;
                    float* pooled = output + (long)(rows == null ? k : rows[k]) * bins * channels;
                    float* target = channelsLast ? pooled + c : tile.Pointer;
                    long step = channelsLast ? channels : block;
                    for (int bin = 0; bin < bins; bin++)
                    {
                        var taps = new BinTaps(axes.Ys[i], bin / settings.Width, axes.Xs[i], bin % settings.Width, inverse, width, channels);
                        Gather(image, taps, block, target + bin * step);
                    }

                    if (!channelsLast)
                    {
                        Transpose.Matrix(tile.Pointer, block, bins, block, pooled + (long)c * bins, bins);
                    }
                }
            }
        });
    }

    /// <summary>Adds the gradient of <see cref="Forward"/> to <paramref name="gradient"/>.</summary>
    /// <param name="pooled">Gradient of the output, in its layout.</param>
    /// <param name="gradient">[B,H,W,C], initialised by the caller.</param>
    /// <remarks>Pieces are ranges of channels, each visiting every RoI, neighbour after neighbour: no races, and one order of summation.</remarks>
    public static void Backward(float* pooled, bool channelsLast, int height, int width, int channels, float* rois, int count, int* rows,
        RoiAlignSettings settings, float* gradient)
    {
        int bins = settings.Height * settings.Width;
        int perPiece = PerPiece(channels);
        int[] order = RoiOrder.Neighbours(rois, count, settings.Scale);
        ParallelLoop.Run((channels + perPiece - 1) / perPiece, piece =>
        {
            int first = piece * perPiece, own = Math.Min(perPiece, channels - first);
            using var xs = new SampleAxis(settings.Width, width);
            using var ys = new SampleAxis(settings.Height, height);
            using var tile = new Scratch<float>(channelsLast ? 1 : (long)bins * own);
            foreach (int k in order)
            {
                var region = new RoiAlignRegion(rois + 5L * k, settings, height, width);
                ys.Build(region.Y);
                xs.Build(region.X);
                float* image = gradient + (long)region.Batch * height * width * channels + first;
                long row = rows == null ? k : rows[k];
                float* source = pooled + (row * bins * channels) + first;
                long step = channels;
                if (!channelsLast)
                {
                    Transpose.Matrix(pooled + (row * channels + first) * bins, bins, own, bins, tile.Pointer, own);
                    source = tile.Pointer;
                    step = own;
                }

                for (int bin = 0; bin < bins; bin++)
                {
                    var taps = new BinTaps(ys, bin / settings.Width, xs, bin % settings.Width, region.InverseCount, width, channels);
                    Scatter(image, taps, own, source + bin * step);
                }
            }
        });
    }

    /// <summary>Channels of a piece in backward: blocks that keep the second-level cache, shared evenly by the threads.</summary>
    public static int PerPiece(int channels)
    {
        int pieces = Math.Clamp(channels / 32, 1, Math.Max(ParallelLoop.Threads, channels / ChannelBlock));
        pieces = (pieces + ParallelLoop.Threads - 1) / ParallelLoop.Threads * ParallelLoop.Threads;
        return ((channels + pieces - 1) / pieces + 15) / 16 * 16;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Gather(float* image, in BinTaps taps, int channels, float* output)
    {
        int c = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            c = Gather<Lanes512, Vector512<float>>(image, taps, c, channels, output);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            c = Gather<Lanes256, Vector256<float>>(image, taps, c, channels, output);
        }

        if (c < channels && Vector128.IsHardwareAccelerated)
        {
            c = Gather<Lanes128, Vector128<float>>(image, taps, c, channels, output);
        }

        if (c < channels)
        {
            Gather<Lanes1, float>(image, taps, c, channels, output);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Gather<TLanes, TVector>(float* image, in BinTaps t, int c, int channels, float* output)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int* xIndex = t.XIndex;
        float* xWeight = t.XWeight;
        int xCount = t.XCount;
        int n = TLanes.Count;
        for (; c + 4 * n <= channels; c += 4 * n)
        {
            TVector a0 = default, a1 = default, a2 = default, a3 = default;
            for (int y = 0; y < t.YCount; y++)
            {
                float* row = image + t.YIndex[y] * t.RowStride + c;
                float wy = t.YWeight[y] * t.Scale;
                for (int x = 0; x < xCount; x++)
                {
                    float* p = row + xIndex[x] * t.CellStride;
                    TVector w = TLanes.Create(wy * xWeight[x]);
                    a0 = TLanes.MultiplyAdd(w, TLanes.Load(p), a0);
                    a1 = TLanes.MultiplyAdd(w, TLanes.Load(p + n), a1);
                    a2 = TLanes.MultiplyAdd(w, TLanes.Load(p + 2 * n), a2);
                    a3 = TLanes.MultiplyAdd(w, TLanes.Load(p + 3 * n), a3);
                }
            }

            TLanes.Store(a0, output + c);
            TLanes.Store(a1, output + c + n);
            TLanes.Store(a2, output + c + 2 * n);
            TLanes.Store(a3, output + c + 3 * n);
        }

        for (; c + n <= channels; c += n)
        {
            TVector a = default;
            for (int y = 0; y < t.YCount; y++)
            {
                float* row = image + t.YIndex[y] * t.RowStride + c;
                float wy = t.YWeight[y] * t.Scale;
                for (int x = 0; x < xCount; x++)
                {
                    a = TLanes.MultiplyAdd(TLanes.Create(wy * xWeight[x]), TLanes.Load(row + xIndex[x] * t.CellStride), a);
                }
            }

            TLanes.Store(a, output + c);
        }

        return c;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scatter(float* image, in BinTaps taps, int channels, float* gradient)
    {
        int c = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            c = Scatter<Lanes512, Vector512<float>>(image, taps, c, channels, gradient);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            c = Scatter<Lanes256, Vector256<float>>(image, taps, c, channels, gradient);
        }

        if (c < channels && Vector128.IsHardwareAccelerated)
        {
            c = Scatter<Lanes128, Vector128<float>>(image, taps, c, channels, gradient);
        }

        if (c < channels)
        {
            Scatter<Lanes1, float>(image, taps, c, channels, gradient);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Scatter<TLanes, TVector>(float* image, in BinTaps t, int c, int channels, float* gradient)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int* xIndex = t.XIndex;
        float* xWeight = t.XWeight;
        int xCount = t.XCount;
        int n = TLanes.Count;
        for (; c + 4 * n <= channels; c += 4 * n)
        {
            TVector g0 = TLanes.Load(gradient + c), g1 = TLanes.Load(gradient + c + n);
            TVector g2 = TLanes.Load(gradient + c + 2 * n), g3 = TLanes.Load(gradient + c + 3 * n);
            for (int y = 0; y < t.YCount; y++)
            {
                float* row = image + t.YIndex[y] * t.RowStride + c;
                float wy = t.YWeight[y] * t.Scale;
                for (int x = 0; x < xCount; x++)
                {
                    float* p = row + xIndex[x] * t.CellStride;
                    TVector w = TLanes.Create(wy * xWeight[x]);
                    TLanes.Store(TLanes.MultiplyAdd(w, g0, TLanes.Load(p)), p);
                    TLanes.Store(TLanes.MultiplyAdd(w, g1, TLanes.Load(p + n)), p + n);
                    TLanes.Store(TLanes.MultiplyAdd(w, g2, TLanes.Load(p + 2 * n)), p + 2 * n);
                    TLanes.Store(TLanes.MultiplyAdd(w, g3, TLanes.Load(p + 3 * n)), p + 3 * n);
                }
            }
        }

        for (; c + n <= channels; c += n)
        {
            TVector g = TLanes.Load(gradient + c);
            for (int y = 0; y < t.YCount; y++)
            {
                float* row = image + t.YIndex[y] * t.RowStride + c;
                float wy = t.YWeight[y] * t.Scale;
                for (int x = 0; x < xCount; x++)
                {
                    float* p = row + xIndex[x] * t.CellStride;
                    TLanes.Store(TLanes.MultiplyAdd(TLanes.Create(wy * xWeight[x]), g, TLanes.Load(p)), p);
                }
            }
        }

        return c;
    }

    /// <summary>The two weighted lists whose product is one bin.</summary>
    private readonly struct BinTaps
    {
        public readonly int* YIndex, XIndex;
        public readonly float* YWeight, XWeight;
        public readonly int YCount, XCount;
        public readonly float Scale;
        public readonly long RowStride, CellStride;

        public BinTaps(in SampleAxis ys, int row, in SampleAxis xs, int column, float scale, int width, int channels)
        {
            int y = ys.Start[row], x = xs.Start[column];
            YIndex = ys.Index + y;
            XIndex = xs.Index + x;
            YWeight = ys.Weight + y;
            XWeight = xs.Weight + x;
            YCount = ys.Start[row + 1] - y;
            XCount = xs.Start[column + 1] - x;
            (Scale, RowStride, CellStride) = (scale, (long)width * channels, channels);
        }
    }
}
