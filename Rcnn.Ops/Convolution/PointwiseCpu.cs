using System.Runtime.CompilerServices;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>
/// The product of channels-last pixels [P,C] and packed weights, six pixels by two registers of outputs at a time, with bias, addition and activation before the sums are
/// stored. A block of pixels stays in the second-level cache while all panels of weights pass by.
/// </summary>
internal static unsafe class PointwiseCpu<TLanes, TVector>
    where TLanes : ILanes<TVector>
    where TVector : unmanaged
{
    private const int Rows = 6;

    /// <summary>Bytes of pixels in a block.</summary>
    private const int BlockBytes = 256 << 10;

    /// <summary>Multiplications below which a second thread costs more than it saves.</summary>
    private const long WorthAThread = 1 << 20;

    /// <param name="input">[P,C]</param>
    /// <param name="residual">[P,K], or null</param>
    /// <param name="output">[P,K]</param>
    public static void Run(float* input, PointwiseFilter filter, float* residual, float* output, int pixels, PointwiseActivation activation)
    {
        int block = Math.Max(Rows, BlockBytes / (sizeof(float) * filter.Inputs) / Rows * Rows);
        long work = (long)pixels * filter.Inputs * filter.Outputs;
        int blocks = (pixels + block - 1) / block, threads = (int)Math.Clamp(work / WorthAThread, 1, ParallelLoop.Threads);
        if (threads == 1)
        {
            for (int first = 0; first < pixels; first += block)
            {
                Block(input, filter, residual, output, first, Math.Min(pixels, first + block), activation);
            }

            return;
        }

        // An even share for each thread.
        blocks = (blocks + threads - 1) / threads * threads;
        block = ((pixels + blocks - 1) / blocks + Rows - 1) / Rows * Rows;
        blocks = (pixels + block - 1) / block;
        ParallelLoop.Run(blocks, b => Block(input, filter, residual, output, b * block, Math.Min(pixels, (b + 1) * block), activation));
    }

    private static void Block(float* input, PointwiseFilter filter, float* residual, float* output, int first, int end, PointwiseActivation activation)
    {
        int channels = filter.Inputs, outputs = filter.Outputs, width = 2 * TLanes.Count;
        float* sums = stackalloc float[Rows * width];
        long* rows = stackalloc long[Rows];
        for (int panel = 0; panel < filter.Panels; panel++)
        {
            int column = panel * width, columns = Math.Min(width, outputs - column);
            float* weights = filter.Panel(panel), bias = filter.Bias + column;
            for (int row = first; row < end; row += Rows)
            {
                // Where fewer rows are left, the last one is computed again.
                for (int i = 0; i < Rows; i++)
                {
                    rows[i] = Math.Min(row + i, end - 1);
                }

                if (columns <= TLanes.Count)
                {
                    MultiplyHalf(input, rows, weights, sums, channels);
                }
                else
                {
                    Multiply(input, rows, weights, sums, channels);
                }

                for (int i = 0; i < Rows; i++)
                {
                    long at = rows[i] * outputs + column;
                    Finish(sums + i * width, bias, residual == null ? null : residual + at, output + at, columns, activation);
                }
            }
        }
    }

    /// <summary>Six rows times one panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(float* input, long* rows, float* u, float* m, int channels)
    {
        TVector a0 = TLanes.Create(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0, e0 = a0, e1 = a0, f0 = a0, f1 = a0;
        float* v = input + rows[0] * channels, v1 = input + rows[1] * channels, v2 = input + rows[2] * channels;
        float* v3 = input + rows[3] * channels, v4 = input + rows[4] * channels, v5 = input + rows[5] * channels;
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

        int n = TLanes.Count;
        TLanes.Store(a0, m);
        TLanes.Store(a1, m + n);
        TLanes.Store(b0, m + 2 * n);
        TLanes.Store(b1, m + 3 * n);
        TLanes.Store(c0, m + 4 * n);
        TLanes.Store(c1, m + 5 * n);
        TLanes.Store(d0, m + 6 * n);
        TLanes.Store(d1, m + 7 * n);
        TLanes.Store(e0, m + 8 * n);
        TLanes.Store(e1, m + 9 * n);
        TLanes.Store(f0, m + 10 * n);
        TLanes.Store(f1, m + 11 * n);
    }

    /// <summary>The same for the first half of a panel, where the rest is beyond the outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyHalf(float* input, long* rows, float* u, float* m, int channels)
    {
        TVector a = TLanes.Create(0), b = a, c = a, d = a, e = a, f = a;
        float* v = input + rows[0] * channels, v1 = input + rows[1] * channels, v2 = input + rows[2] * channels;
        float* v3 = input + rows[3] * channels, v4 = input + rows[4] * channels, v5 = input + rows[5] * channels;
        for (int i = 0; i < channels; i++)
        {
            TVector weight = TLanes.Load(u);
            u += 2 * TLanes.Count;
            a = TLanes.MultiplyAdd(TLanes.Create(v[i]), weight, a);
            b = TLanes.MultiplyAdd(TLanes.Create(v1[i]), weight, b);
            c = TLanes.MultiplyAdd(TLanes.Create(v2[i]), weight, c);
            d = TLanes.MultiplyAdd(TLanes.Create(v3[i]), weight, d);
            e = TLanes.MultiplyAdd(TLanes.Create(v4[i]), weight, e);
            f = TLanes.MultiplyAdd(TLanes.Create(v5[i]), weight, f);
        }

        int n = 2 * TLanes.Count;
        TLanes.Store(a, m);
        TLanes.Store(b, m + n);
        TLanes.Store(c, m + 2 * n);
        TLanes.Store(d, m + 3 * n);
        TLanes.Store(e, m + 4 * n);
        TLanes.Store(f, m + 5 * n);
    }

    private static void Finish(float* sums, float* bias, float* residual, float* to, int columns, PointwiseActivation activation)
    {
        int k = 0;
        for (; k <= columns - TLanes.Count; k += TLanes.Count)
        {
            Finish<TLanes, TVector>(sums + k, bias + k, residual == null ? null : residual + k, to + k, activation);
        }

        for (; k < columns; k++)
        {
            Finish<Lanes1, float>(sums + k, bias + k, residual == null ? null : residual + k, to + k, activation);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TL, TV>(float* sums, float* bias, float* residual, float* to, PointwiseActivation activation)
        where TL : ILanes<TV>
        where TV : unmanaged
    {
        TV value = TL.Add(TL.Load(sums), TL.Load(bias));
        if (residual != null)
        {
            value = TL.Add(value, TL.Load(residual));
        }

        // The bound first: Min and Max keep a NaN that stands second.
        switch (activation)
        {
            case PointwiseActivation.Relu:
                value = TL.Max(TL.Create(0), value);
                break;
            case PointwiseActivation.Relu6:
                value = TL.Min(TL.Create(6), TL.Max(TL.Create(0), value));
                break;
            case PointwiseActivation.Hardswish:
                TV gate = TL.Min(TL.Create(6), TL.Max(TL.Create(0), TL.Add(value, TL.Create(3))));
                value = TL.Divide(TL.Multiply(value, gate), TL.Create(6));
                break;
        }

        TL.Store(value, to);
    }
}
