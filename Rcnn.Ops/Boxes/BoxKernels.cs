using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>Boxes as five arrays x1, y1, x2, y2, area, padded to a whole vector with NaN.</summary>
internal readonly unsafe struct BoxArrays : IDisposable
{
    private readonly Scratch<float> _memory;

    /// <param name="boxes">[count,4]</param>
    public BoxArrays(float* boxes, int count)
    {
        Padded = (count + 15) / 16 * 16;
        _memory = new Scratch<float>(5L * Padded);
        X1 = _memory.Pointer;
        Y1 = X1 + Padded;
        X2 = Y1 + Padded;
        Y2 = X2 + Padded;
        Area = Y2 + Padded;
        for (int i = 0; i < Padded; i++)
        {
            float x1 = float.NaN, y1 = float.NaN, x2 = float.NaN, y2 = float.NaN;
            if (i < count)
            {
                float* b = boxes + 4L * i;
                (x1, y1, x2, y2) = (b[0], b[1], b[2], b[3]);
            }

            X1[i] = x1;
            Y1[i] = y1;
            X2[i] = x2;
            Y2[i] = y2;
            Area[i] = (x2 - x1) * (y2 - y1);
        }
    }

    public int Padded { get; }

    public float* X1 { get; }

    public float* Y1 { get; }

    public float* X2 { get; }

    public float* Y2 { get; }

    public float* Area { get; }

    public void Dispose() => _memory.Dispose();
}

/// <summary>Pairwise overlaps, float32 step by step as torchvision computes them.</summary>
internal static unsafe class BoxKernels
{
    private const int RowsPerPiece = 64;

    /// <param name="a">[n,4]</param>
    /// <param name="b">[m,4]</param>
    /// <param name="output">[n,m]: IoU, or GIoU when <paramref name="generalized"/>.</param>
    public static void Overlaps(float* a, int n, float* b, int m, bool generalized, float* output)
    {
        using var columns = new BoxArrays(b, m);
        BoxArrays shared = columns;
        ParallelLoop.Run((n + RowsPerPiece - 1) / RowsPerPiece, piece =>
        {
            int end = Math.Min(n, (piece + 1) * RowsPerPiece);
            for (int i = piece * RowsPerPiece; i < end; i++)
            {
                Row(a + 4L * i, shared, m, generalized, output + (long)i * m);
            }
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row(float* box, in BoxArrays columns, int count, bool generalized, float* output)
    {
        int j = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            j = Row<Lanes512, Vector512<float>>(box, columns, j, count, generalized, output);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            j = Row<Lanes256, Vector256<float>>(box, columns, j, count, generalized, output);
        }

        if (Vector128.IsHardwareAccelerated)
        {
            j = Row<Lanes128, Vector128<float>>(box, columns, j, count, generalized, output);
        }

        Row<Lanes1, float>(box, columns, j, count, generalized, output);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Row<TLanes, TVector>(float* box, in BoxArrays s, int j, int count, bool generalized, float* output)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector x1 = TLanes.Create(box[0]), y1 = TLanes.Create(box[1]), x2 = TLanes.Create(box[2]), y2 = TLanes.Create(box[3]);
        TVector area = TLanes.Create((box[2] - box[0]) * (box[3] - box[1])), zero = default;
        float* sx1 = s.X1, sy1 = s.Y1, sx2 = s.X2, sy2 = s.Y2, sArea = s.Area;
        for (; j + TLanes.Count <= count; j += TLanes.Count)
        {
            TVector bx1 = TLanes.Load(sx1 + j), by1 = TLanes.Load(sy1 + j), bx2 = TLanes.Load(sx2 + j), by2 = TLanes.Load(sy2 + j);
            TVector w = TLanes.Max(TLanes.Subtract(TLanes.Min(x2, bx2), TLanes.Max(x1, bx1)), zero);
            TVector h = TLanes.Max(TLanes.Subtract(TLanes.Min(y2, by2), TLanes.Max(y1, by1)), zero);
            TVector intersection = TLanes.Multiply(w, h);
            TVector union = TLanes.Subtract(TLanes.Add(area, TLanes.Load(sArea + j)), intersection);
            TVector overlap = TLanes.Divide(intersection, union);
            if (generalized)
            {
                TVector hullWidth = TLanes.Max(TLanes.Subtract(TLanes.Max(x2, bx2), TLanes.Min(x1, bx1)), zero);
                TVector hullHeight = TLanes.Max(TLanes.Subtract(TLanes.Max(y2, by2), TLanes.Min(y1, by1)), zero);
                TVector hull = TLanes.Multiply(hullWidth, hullHeight);
                overlap = TLanes.Subtract(overlap, TLanes.Divide(TLanes.Subtract(hull, union), hull));
            }

            TLanes.Store(overlap, output + j);
        }

        return j;
    }
}
