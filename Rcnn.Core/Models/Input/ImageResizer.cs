using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Rcnn.Ops;

namespace Rcnn.Core.Models.Input;

/// <summary>
/// One image into its place in a channels-last batch: to float, normalise, resize bilinearly, in one pass over the target rows.
/// The batch is zero where no image reaches. Rows are independent, so the result does not depend on the number of threads.
/// </summary>
internal sealed unsafe class ImageResizer
{
    private const int RowsAtOnce = 16;
    private readonly float[] _table = new float[3 * 256];
    private readonly float[] _mean = new float[3];
    private readonly float[] _std = new float[3];

    // Channel of the image that each channel of the batch takes.
    private readonly int[] _order;

    public ImageResizer(InputConfig config)
    {
        _order = Order(config);
        for (int channel = 0; channel < 3; channel++)
        {
            (_mean[channel], _std[channel]) = ((float)config.Mean[_order[channel]], (float)config.Std[_order[channel]]);
            for (int value = 0; value < 256; value++)
            {
                _table[channel * 256 + value] = (value / 255f - _mean[channel]) / _std[channel];
            }
        }
    }

    /// <summary>Channel of an RGB image, and of mean and std, that each channel of the input takes.</summary>
    /// <exception cref="RcnnException">An unknown name of an order.</exception>
    internal static int[] Order(InputConfig config) => config.Channels switch
    {
        "rgb" => [0, 1, 2],
        "bgr" => [2, 1, 0],
        _ => throw RcnnException.Usage($"model.input.channels: rgb or bgr expected, got '{config.Channels}'"),
    };

    /// <summary>From uint8 RGB, row after row.</summary>
    public void Run(byte* source, ImageSize from, float* target, ImageSize to, int targetStride)
    {
        int length = from.Width * 3;
        Run(from, target, to, targetStride, (row, into) =>
        {
            fixed (float* table = _table)
            {
                byte* p = source + (long)row * length;
                int first = _order[0], last = _order[2];
                for (int i = 0; i < length; i += 3)
                {
                    into[i] = table[p[i + first]];
                    into[i + 1] = table[256 + p[i + 1]];
                    into[i + 2] = table[512 + p[i + last]];
                }
            }
        });
    }

    /// <summary>From float32 planes in [0,1], channel after channel.</summary>
    public void Run(float* source, ImageSize from, float* target, ImageSize to, int targetStride)
    {
        long plane = (long)from.Height * from.Width;
        Run(from, target, to, targetStride, (row, into) =>
        {
            for (int channel = 0; channel < 3; channel++)
            {
                float* p = source + _order[channel] * plane + (long)row * from.Width;
                float mean = _mean[channel], std = _std[channel];
                for (int x = 0; x < from.Width; x++)
                {
                    into[3 * x + channel] = (p[x] - mean) / std;
                }
            }
        });
    }

    private delegate void LoadRow(int row, float* into);

    private static void Run(ImageSize from, float* target, ImageSize to, int targetStride, LoadRow load)
    {
        var rows = new ResizeGeometry(from.Height, to.Height);
        var columns = new ResizeGeometry(from.Width, to.Width);
        int chunks = (to.Height + RowsAtOnce - 1) / RowsAtOnce;

        void Chunk(int chunk)
        {
            // One loaded source row, and the two resized rows that target rows are mixed from; 8 floats more, as vectors overrun.
            int width = 3 * to.Width + 8;
            float* memory = (float*)NativeMemory.AlignedAlloc((nuint)(3 * from.Width + 8 + 2 * width) * sizeof(float), 64);
            float* loaded = memory, low = memory + 3 * from.Width + 8, high = low + width;
            int lowRow = -1, highRow = -1;
            for (int y = chunk * RowsAtOnce; y < Math.Min(to.Height, (chunk + 1) * RowsAtOnce); y++)
            {
                if (rows.Low[y] == highRow)
                {
                    float* other = low;
                    low = high;
                    high = other;
                    (lowRow, highRow) = (highRow, lowRow);
                }

                if (rows.Low[y] != lowRow)
                {
                    load(lowRow = rows.Low[y], loaded);
                    Across(loaded, columns, low);
                }

                float* second = low;
                if (rows.High[y] != lowRow)
                {
                    if (rows.High[y] != highRow)
                    {
                        load(highRow = rows.High[y], loaded);
                        Across(loaded, columns, high);
                    }

                    second = high;
                }

                Mix(low, second, rows.Fraction[y], target + (long)y * targetStride, 3 * to.Width);
            }

            NativeMemory.AlignedFree(memory);
        }

        if (Engine.Threads == 1 || chunks == 1)
        {
            for (int i = 0; i < chunks; i++)
            {
                Chunk(i);
            }
        }
        else
        {
            Parallel.For(0, chunks, new ParallelOptions { MaxDegreeOfParallelism = Engine.Threads }, Chunk);
        }
    }

    // Four floats for each pixel: three of it and one that the next pixel overwrites.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Across(float* row, ResizeGeometry columns, float* into)
    {
        fixed (int* low = columns.Low, high = columns.High)
        fixed (float* fraction = columns.Fraction)
        {
            for (int x = 0; x < columns.Low.Length; x++)
            {
                var weight = Vector128.Create(fraction[x]);
                Vector128<float> a = Vector128.Load(row + 3 * low[x]), b = Vector128.Load(row + 3 * high[x]);
                (a * (Vector128<float>.One - weight) + b * weight).Store(into + 3 * x);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix(float* low, float* high, float fraction, float* target, int length)
    {
        float rest = 1 - fraction;
        Vector<float> a = new(rest), b = new(fraction);
        int i = 0;
        for (; i + Vector<float>.Count <= length; i += Vector<float>.Count)
        {
            Unsafe.WriteUnaligned(target + i, a * Unsafe.ReadUnaligned<Vector<float>>(low + i) + b * Unsafe.ReadUnaligned<Vector<float>>(high + i));
        }

        for (; i < length; i++)
        {
            target[i] = rest * low[i] + fraction * high[i];
        }
    }
}
