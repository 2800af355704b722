using System.Runtime.CompilerServices;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>
/// The convolution on channels-last maps, a block of tiles at a time so that a block's transformed input and products stay in the caches: input transform, 36 matrix
/// products, output transform with bias and ReLU. Every sum runs over the channels in their order with fused multiply-adds, so neither threads nor register width change a bit.
/// </summary>
internal static unsafe class WinogradCpu<TLanes, TVector>
    where TLanes : ILanes<TVector>
    where TVector : unmanaged
{
    /// <summary>Tiles that one pass of the product kernel takes.</summary>
    private const int Rows = 6;

    /// <summary>Bytes of transformed input in a block, about what a core's second-level cache holds.</summary>
    private const int BlockBytes = 900 << 10;

    /// <param name="input">[B,H,W,C]</param>
    /// <param name="output">[B,H,W,K]</param>
    public static void Run(float* input, WinogradFilter filter, float* output, int batch, int height, int width, bool relu)
    {
        int down = (height + Winograd.Outputs - 1) / Winograd.Outputs, across = (width + Winograd.Outputs - 1) / Winograd.Outputs;
        int tiles = batch * down * across;
        int block = Math.Clamp(BlockBytes / (Winograd.Products * sizeof(float) * filter.Inputs) / Rows * Rows, Rows, 8 * Rows);
        // An even share for each thread where there are few tiles.
        int blocks = (tiles + block - 1) / block, threads = Math.Min(ParallelLoop.Threads, (tiles + Rows - 1) / Rows);
        blocks = (blocks + threads - 1) / threads * threads;
        block = ((tiles + blocks - 1) / blocks + Rows - 1) / Rows * Rows;
        blocks = (tiles + block - 1) / block;
        ParallelLoop.Run(blocks, b =>
        {
            int first = b * block, count = Math.Min(block, tiles - first);
            Block(input, filter, output, first, count, (count + Rows - 1) / Rows * Rows, (height, width, down, across), relu);
        });
    }

    private static void Block(
        float* input, WinogradFilter filter, float* output, int first, int count, int rows, (int Height, int Width, int Down, int Across) map, bool relu)
    {
        int channels = filter.Inputs, padded = filter.Panels * filter.PanelWidth;
        using var transformed = new Scratch<float>((long)Winograd.Products * rows * channels);
        using var products = new Scratch<float>((long)Winograd.Products * rows * padded);
        using var zeros = new Scratch<float>(channels);
        new Span<float>(zeros.Pointer, channels).Clear();
        for (int tile = 0; tile < rows; tile++)
        {
            float* to = transformed.Pointer + (long)tile * channels;
            if (tile < count)
            {
                TransformInput(input, zeros.Pointer, to, (long)rows * channels, first + tile, channels, map);
            }
            else
            {
                for (int product = 0; product < Winograd.Products; product++)
                {
                    new Span<float>(to + (long)product * rows * channels, channels).Clear();
                }
            }
        }

        for (int product = 0; product < Winograd.Products; product++)
        {
            for (int panel = 0; panel < filter.Panels; panel++)
            {
                float* weights = filter.Panel(product, panel);
                for (int row = 0; row < rows; row += Rows)
                {
                    Multiply(
                        transformed.Pointer + ((long)product * rows + row) * channels,
                        weights,
                        products.Pointer + ((long)product * rows + row) * padded + panel * filter.PanelWidth,
                        channels,
                        padded);
                }
            }
        }

        for (int tile = 0; tile < count; tile++)
        {
            TransformOutput(products.Pointer + (long)tile * padded, (long)rows * padded, output, first + tile, filter, map, relu);
        }
    }

    /// <summary>Six rows of V times one panel of U.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(float* v, float* u, float* m, int channels, int stride)
    {
        TVector a0 = TLanes.Create(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0, e0 = a0, e1 = a0, f0 = a0, f1 = a0;
        float* v1 = v + channels, v2 = v1 + channels, v3 = v2 + channels, v4 = v3 + channels, v5 = v4 + channels;
        for (int c = 0; c < channels; c++)
        {
            TVector u0 = TLanes.Load(u), u1 = TLanes.Load(u + TLanes.Count);
            u += 2 * TLanes.Count;
            TVector x = TLanes.Create(v[c]);
            a0 = TLanes.MultiplyAdd(x, u0, a0);
            a1 = TLanes.MultiplyAdd(x, u1, a1);
            x = TLanes.Create(v1[c]);
            b0 = TLanes.MultiplyAdd(x, u0, b0);
            b1 = TLanes.MultiplyAdd(x, u1, b1);
            x = TLanes.Create(v2[c]);
            c0 = TLanes.MultiplyAdd(x, u0, c0);
            c1 = TLanes.MultiplyAdd(x, u1, c1);
            x = TLanes.Create(v3[c]);
            d0 = TLanes.MultiplyAdd(x, u0, d0);
            d1 = TLanes.MultiplyAdd(x, u1, d1);
            x = TLanes.Create(v4[c]);
            e0 = TLanes.MultiplyAdd(x, u0, e0);
            e1 = TLanes.MultiplyAdd(x, u1, e1);
            x = TLanes.Create(v5[c]);
            f0 = TLanes.MultiplyAdd(x, u0, f0);
            f1 = TLanes.MultiplyAdd(x, u1, f1);
        }

        Put(m, a0, a1);
        Put(m + stride, b0, b1);
        Put(m + 2 * stride, c0, c1);
        Put(m + 3 * stride, d0, d1);
        Put(m + 4 * stride, e0, e1);
        Put(m + 5 * stride, f0, f1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* m, TVector low, TVector high)
    {
        TLanes.Store(low, m);
        TLanes.Store(high, m + TLanes.Count);
    }

    private static void TransformInput(
        float* input, float* zeros, float* to, long plane, int tile, int channels, (int Height, int Width, int Down, int Across) map)
    {
        (int image, int y, int x) = Place(tile, map);
        float** pixels = stackalloc float*[Winograd.Products];
        for (int i = 0; i < Winograd.Inputs; i++)
        {
            for (int j = 0; j < Winograd.Inputs; j++)
            {
                int row = y - 1 + i, column = x - 1 + j;
                bool inside = (uint)row < (uint)map.Height && (uint)column < (uint)map.Width;
                pixels[i * Winograd.Inputs + j] = inside ? input + (((long)image * map.Height + row) * map.Width + column) * channels : zeros;
            }
        }

        int c = 0;
        for (; c <= channels - TLanes.Count; c += TLanes.Count)
        {
            InputTile<TLanes, TVector>(pixels, to, plane, c);
        }

        for (; c < channels; c++)
        {
            InputTile<Lanes1, float>(pixels, to, plane, c);
        }
    }

    private static void InputTile<TL, TV>(float** pixels, float* to, long plane, int c)
        where TL : ILanes<TV>
        where TV : unmanaged
    {
        TV* half = stackalloc TV[Winograd.Products];
        for (int j = 0; j < Winograd.Inputs; j++)
        {
            InputColumn<TL, TV>(
                TL.Load(pixels[j] + c), TL.Load(pixels[6 + j] + c), TL.Load(pixels[12 + j] + c),
                TL.Load(pixels[18 + j] + c), TL.Load(pixels[24 + j] + c), TL.Load(pixels[30 + j] + c), half + j, Winograd.Inputs);
        }

        TV* whole = stackalloc TV[Winograd.Inputs];
        for (int i = 0; i < Winograd.Inputs; i++)
        {
            TV* row = half + i * Winograd.Inputs;
            InputColumn<TL, TV>(row[0], row[1], row[2], row[3], row[4], row[5], whole, 1);
            for (int j = 0; j < Winograd.Inputs; j++)
            {
                TL.Store(whole[j], to + (i * Winograd.Inputs + j) * plane + c);
            }
        }
    }

    /// <summary>Bᵀ times one column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InputColumn<TL, TV>(TV d0, TV d1, TV d2, TV d3, TV d4, TV d5, TV* to, int step)
        where TL : ILanes<TV>
        where TV : unmanaged
    {
        TV a = TL.Create(Winograd.A), b = TL.Create(Winograd.B), minusA2 = TL.Create(-Winograd.A2), minusB2 = TL.Create(-Winograd.B2);
        TV a2b2 = TL.Create(Winograd.A2B2), minusSum = TL.Create(-Winograd.SumOfSquares);
        to[0] = TL.MultiplyAdd(a2b2, d0, TL.MultiplyAdd(minusSum, d2, d4));
        TV even = TL.MultiplyAdd(minusB2, d2, d4), odd = TL.Multiply(a, TL.MultiplyAdd(minusB2, d1, d3));
        to[step] = TL.Add(even, odd);
        to[2 * step] = TL.Subtract(even, odd);
        even = TL.MultiplyAdd(minusA2, d2, d4);
        odd = TL.Multiply(b, TL.MultiplyAdd(minusA2, d1, d3));
        to[3 * step] = TL.Add(even, odd);
        to[4 * step] = TL.Subtract(even, odd);
        to[5 * step] = TL.MultiplyAdd(a2b2, d1, TL.MultiplyAdd(minusSum, d3, d5));
    }

    private static void TransformOutput(
        float* from, long plane, float* output, int tile, WinogradFilter filter, (int Height, int Width, int Down, int Across) map, bool relu)
    {
        (int image, int y, int x) = Place(tile, map);
        int rows = Math.Min(Winograd.Outputs, map.Height - y), columns = Math.Min(Winograd.Outputs, map.Width - x);
        float* to = output + (((long)image * map.Height + y) * map.Width + x) * filter.Outputs;
        long line = (long)map.Width * filter.Outputs;
        int k = 0;
        for (; k <= filter.Outputs - TLanes.Count; k += TLanes.Count)
        {
            OutputTile<TLanes, TVector>(from + k, plane, filter.Bias + k, to + k, line, filter.Outputs, rows, columns, relu);
        }

        for (; k < filter.Outputs; k++)
        {
            OutputTile<Lanes1, float>(from + k, plane, filter.Bias + k, to + k, line, filter.Outputs, rows, columns, relu);
        }
    }

    private static void OutputTile<TL, TV>(float* from, long plane, float* bias, float* to, long line, int pixel, int rows, int columns, bool relu)
        where TL : ILanes<TV>
        where TV : unmanaged
    {
        TV* half = stackalloc TV[Winograd.Outputs * Winograd.Inputs];
        for (int j = 0; j < Winograd.Inputs; j++)
        {
            float* p = from + j * plane;
            long step = Winograd.Inputs * plane;
            OutputColumn<TL, TV>(
                TL.Load(p), TL.Load(p + step), TL.Load(p + 2 * step), TL.Load(p + 3 * step), TL.Load(p + 4 * step), TL.Load(p + 5 * step), half + j, Winograd.Inputs);
        }

        TV* whole = stackalloc TV[Winograd.Outputs];
        TV shift = TL.Load(bias), zero = TL.Create(0);
        for (int i = 0; i < rows; i++)
        {
            TV* row = half + i * Winograd.Inputs;
            OutputColumn<TL, TV>(row[0], row[1], row[2], row[3], row[4], row[5], whole, 1);
            for (int j = 0; j < columns; j++)
            {
                TV value = TL.Add(whole[j], shift);
                TL.Store(relu ? TL.Max(zero, value) : value, to + i * line + (long)j * pixel);
            }
        }
    }

    /// <summary>Aᵀ times one column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputColumn<TL, TV>(TV m0, TV m1, TV m2, TV m3, TV m4, TV m5, TV* to, int step)
        where TL : ILanes<TV>
        where TV : unmanaged
    {
        const float a3 = Winograd.A2 * Winograd.A, b3 = Winograd.B2 * Winograd.B;
        TV sumA = TL.Add(m1, m2), sumB = TL.Add(m3, m4), differenceA = TL.Subtract(m1, m2), differenceB = TL.Subtract(m3, m4);
        to[0] = TL.Add(m0, TL.Add(sumA, sumB));
        to[step] = TL.MultiplyAdd(TL.Create(Winograd.A), differenceA, TL.Multiply(TL.Create(Winograd.B), differenceB));
        to[2 * step] = TL.MultiplyAdd(TL.Create(Winograd.A2), sumA, TL.Multiply(TL.Create(Winograd.B2), sumB));
        to[3 * step] = TL.MultiplyAdd(TL.Create(a3), differenceA, TL.MultiplyAdd(TL.Create(b3), differenceB, m5));
    }

    /// <summary>Image and upper left output pixel of a tile.</summary>
    private static (int Image, int Y, int X) Place(int tile, (int Height, int Width, int Down, int Across) map)
    {
        (int strip, int column) = Math.DivRem(tile, map.Across);
        (int image, int row) = Math.DivRem(strip, map.Down);
        return (image, row * Winograd.Outputs, column * Winograd.Outputs);
    }
}
