using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>The maximum over the bilinear samples of each bin, on the CPU. Features are NHWC; the pooled side is NHWC or NCHW.</summary>
internal static unsafe class RoiAlignMaxCpu
{
    private const int RoisPerPiece = 16;

    /// <summary>Parameters as <see cref="RoiAlignCpu.Forward"/>.</summary>
    /// <param name="winners">[R,P_h,P_w,C] whatever the layout of the output: the sample that won, counted row by row among the bin's samples in the map, −1
    /// for none. Null when no gradient is wanted.</param>
    public static void Forward(float* features, int height, int width, int channels, float* rois, int count, int* rows, RoiAlignSettings settings,
        float* output, int* winners, bool channelsLast)
    {
        int bins = settings.Height * settings.Width;
        int perPiece = Math.Clamp(count / (4 * ParallelLoop.Threads), 1, RoisPerPiece);
        int[] order = RoiOrder.Neighbours(rois, count, settings.Scale);
        ParallelLoop.Run((count + perPiece - 1) / perPiece, piece =>
        {
            using var tile = new Scratch<float>(channelsLast ? 1 : (long)bins * channels);
            using var unused = new Scratch<int>(winners == null ? channels : 1);
            int end = Math.Min(count, (piece + 1) * perPiece);
            for (int i = piece * perPiece; i < end; i++)
            {
                int k = order[i];
                var region = new RoiAlignRegion(rois + 5L * k, settings, height, width);
                using var ys = new SamplePoints(region.Y, height);
                using var xs = new SamplePoints(region.X, width);
                float* image = features + (long)region.Batch * height * width * channels;
                long row = rows == null ? k : rows[k];
                float* pooled = output + row * bins * channels;
                float* target = channelsLast ? pooled : tile.Pointer;
                for (int bin = 0; bin < bins; bin++)
                {
                    var samples = new BinSamples(ys, bin / settings.Width, xs, bin % settings.Width, region, width, channels);
                    int* won = winners == null ? unused.Pointer : winners + (row * bins + bin) * channels;
                    Bin(image, samples, channels, target + (long)bin * channels, (float*)won);
                }

                if (!channelsLast)
                {
                    Transpose.Matrix(tile.Pointer, channels, bins, channels, pooled, bins);
                }
            }
        });
    }

    /// <summary>Adds the gradient of <see cref="Forward"/>: each goes to the cells of the sample that won. Parameters as <see cref="RoiAlignCpu.Backward"/>.</summary>
    public static void Backward(float* pooled, int* winners, bool channelsLast, int height, int width, int channels, float* rois, int count, int* rows,
        RoiAlignSettings settings, float* gradient)
    {
        int bins = settings.Height * settings.Width;
        int perPiece = RoiAlignCpu.PerPiece(channels);
        int[] order = RoiOrder.Neighbours(rois, count, settings.Scale);
        ParallelLoop.Run((channels + perPiece - 1) / perPiece, piece =>
        {
            int first = piece * perPiece, end = Math.Min(channels, first + perPiece);
            foreach (int k in order)
            {
                var region = new RoiAlignRegion(rois + 5L * k, settings, height, width);
                using var ys = new SamplePoints(region.Y, height);
                using var xs = new SamplePoints(region.X, width);
                float* image = gradient + (long)region.Batch * height * width * channels;
                long row = rows == null ? k : rows[k];
                (long binStep, long channelStep) = channelsLast ? ((long)channels, 1L) : (1L, bins);
                for (int bin = 0; bin < bins; bin++)
                {
                    var samples = new BinSamples(ys, bin / settings.Width, xs, bin % settings.Width, region, width, channels);
                    float* g = pooled + row * bins * channels + bin * binStep;
                    int* won = winners + (row * bins + bin) * channels;
                    for (int c = first; c < end; c++)
                    {
                        if (won[c] >= 0)
                        {
                            Scatter(image + c, samples, won[c], g[c * channelStep]);
                        }
                    }
                }
            }
        });
    }

    private static void Scatter(float* image, in BinSamples s, int winner, float gradient)
    {
        int* y = s.YStart + winner / s.XCount, x = s.XStart + winner % s.XCount;
        for (int ty = y[0]; ty < y[1]; ty++)
        {
            for (int tx = x[0]; tx < x[1]; tx++)
            {
                image[s.YIndex[ty] * s.RowStride + s.XIndex[tx] * s.CellStride] += s.YWeight[ty] * s.XWeight[tx] * gradient;
            }
        }
    }

    private static void Bin(float* image, in BinSamples samples, int channels, float* output, float* winners)
    {
        int c = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            c = Bin<Lanes512, Vector512<float>>(image, samples, c, channels, output, winners);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            c = Bin<Lanes256, Vector256<float>>(image, samples, c, channels, output, winners);
        }

        if (c < channels && Vector128.IsHardwareAccelerated)
        {
            c = Bin<Lanes128, Vector128<float>>(image, samples, c, channels, output, winners);
        }

        if (c < channels)
        {
            Bin<Lanes1, float>(image, samples, c, channels, output, winners);
        }
    }

    // Winners travel as the bits of a float.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Bin<TLanes, TVector>(float* image, in BinSamples s, int c, int channels, float* output, float* winners)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        bool empty = s.YCount == 0 || s.XCount == 0;
        TVector zero = TLanes.Create(0f), nobody = TLanes.Create(BitConverter.Int32BitsToSingle(-1));
        for (; c + TLanes.Count <= channels; c += TLanes.Count)
        {
            TVector best = TLanes.Create(empty ? 0f : float.MinValue), winner = nobody;
            for (int sy = 0; sy < s.YCount; sy++)
            {
                for (int sx = 0; sx < s.XCount; sx++)
                {
                    TVector v = zero;
                    for (int ty = s.YStart[sy]; ty < s.YStart[sy + 1]; ty++)
                    {
                        float* row = image + s.YIndex[ty] * s.RowStride + c;
                        for (int tx = s.XStart[sx]; tx < s.XStart[sx + 1]; tx++)
                        {
                            v = TLanes.MultiplyAdd(TLanes.Create(s.YWeight[ty] * s.XWeight[tx]), TLanes.Load(row + s.XIndex[tx] * s.CellStride), v);
                        }
                    }

                    winner = TLanes.Select(TLanes.Greater(v, best), TLanes.Create(BitConverter.Int32BitsToSingle(sy * s.XCount + sx)), winner);
                    best = TLanes.Max(v, best);
                }
            }

            if (s.Outside)
            {
                winner = TLanes.Select(TLanes.Greater(zero, best), nobody, winner);
                best = TLanes.Max(zero, best);
            }

            TLanes.Store(best, output + c);
            TLanes.Store(winner, winners + c);
        }

        return c;
    }

    /// <summary>The grid of samples of one bin.</summary>
    private readonly struct BinSamples
    {
        public readonly int* YStart, XStart, YIndex, XIndex;
        public readonly float* YWeight, XWeight;
        public readonly int YCount, XCount;
        public readonly bool Outside;
        public readonly long RowStride, CellStride;

        public BinSamples(in SamplePoints ys, int row, in SamplePoints xs, int column, in RoiAlignRegion region, int width, int channels)
        {
            YStart = ys.Start + ys.First[row];
            XStart = xs.Start + xs.First[column];
            YIndex = ys.Index;
            XIndex = xs.Index;
            YWeight = ys.Weight;
            XWeight = xs.Weight;
            (YCount, XCount) = (ys.First[row + 1] - ys.First[row], xs.First[column + 1] - xs.First[column]);
            Outside = region.Y.Samples > 0 && region.X.Samples > 0 && ys.Outside[row] + xs.Outside[column] > 0;
            (RowStride, CellStride) = ((long)width * channels, channels);
        }
    }
}
