using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>A measure of overlap of two boxes.</summary>
internal enum OverlapMeasure
{
    Iou,
    Generalized,
    Distance,
    Complete,
}

/// <summary>Boxes as five arrays x1, y1, x2, y2, area, padded to a whole vector with NaN.</summary>
internal readonly unsafe struct BoxArrays : IDisposable
{
    private readonly Scratch<float> _memory;

    /// <param name="boxes">[count,4]</param>
    /// <param name="extra">Added to each side before the area is taken.</param>
    public BoxArrays(float* boxes, int count, float extra = 0)
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
            Area[i] = (x2 - x1 + extra) * (y2 - y1 + extra);
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
    private const float Epsilon = 1e-7f;
    private const float AspectFactor = (float)(4 / (Math.PI * Math.PI));

    /// <param name="a">[n,4]</param>
    /// <param name="b">[m,4]</param>
    /// <param name="extra">Added to each side, for <see cref="OverlapMeasure.Iou"/> only.</param>
    /// <param name="output">[n,m]</param>
    public static void Overlaps(float* a, int n, float* b, int m, OverlapMeasure measure, float extra, float* output)
    {
        using var columns = new BoxArrays(b, m, extra);
        using var angles = new Scratch<float>(measure == OverlapMeasure.Complete ? columns.Padded : 0);
        for (int j = 0; measure == OverlapMeasure.Complete && j < m; j++)
        {
            angles.Pointer[j] = Angle(b + 4L * j);
        }

        var shared = new Columns(columns, angles.Pointer, m);
        ParallelLoop.Run((n + RowsPerPiece - 1) / RowsPerPiece, piece =>
        {
            int end = Math.Min(n, (piece + 1) * RowsPerPiece);
            for (int i = piece * RowsPerPiece; i < end; i++)
            {
                Row(a + 4L * i, shared, measure, extra, output + (long)i * m);
            }
        });
    }

    // The aspect ratio as an angle: one arc tangent a box, none a pair.
    private static float Angle(float* box) => MathF.Atan((box[2] - box[0]) / (box[3] - box[1]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row(float* box, in Columns columns, OverlapMeasure measure, float extra, float* output)
    {
        int j = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            j = Row<Lanes512, Vector512<float>>(box, columns, j, measure, extra, output);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            j = Row<Lanes256, Vector256<float>>(box, columns, j, measure, extra, output);
        }

        if (Vector128.IsHardwareAccelerated)
        {
            j = Row<Lanes128, Vector128<float>>(box, columns, j, measure, extra, output);
        }

        Row<Lanes1, float>(box, columns, j, measure, extra, output);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Row<TLanes, TVector>(float* box, in Columns columns, int j, OverlapMeasure measure, float extra, float* output)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector x1 = TLanes.Create(box[0]), y1 = TLanes.Create(box[1]), x2 = TLanes.Create(box[2]), y2 = TLanes.Create(box[3]);
        TVector area = TLanes.Create((box[2] - box[0] + extra) * (box[3] - box[1] + extra)), zero = default, more = TLanes.Create(extra);
        TVector angle = TLanes.Create(measure == OverlapMeasure.Complete ? Angle(box) : 0);
        TVector one = TLanes.Create(1f), half = TLanes.Create(0.5f), epsilon = TLanes.Create(Epsilon), aspectFactor = TLanes.Create(AspectFactor);
        BoxArrays s = columns.Boxes;
        float* sx1 = s.X1, sy1 = s.Y1, sx2 = s.X2, sy2 = s.Y2, sArea = s.Area, sAngle = columns.Angles;
        for (; j + TLanes.Count <= columns.Count; j += TLanes.Count)
        {
            TVector bx1 = TLanes.Load(sx1 + j), by1 = TLanes.Load(sy1 + j), bx2 = TLanes.Load(sx2 + j), by2 = TLanes.Load(sy2 + j);
            TVector w = TLanes.Max(TLanes.Add(TLanes.Subtract(TLanes.Min(x2, bx2), TLanes.Max(x1, bx1)), more), zero);
            TVector h = TLanes.Max(TLanes.Add(TLanes.Subtract(TLanes.Min(y2, by2), TLanes.Max(y1, by1)), more), zero);
            TVector intersection = TLanes.Multiply(w, h);
            TVector union = TLanes.Subtract(TLanes.Add(area, TLanes.Load(sArea + j)), intersection);
            TVector iou = TLanes.Divide(intersection, union), overlap = iou;
            if (measure != OverlapMeasure.Iou)
            {
                TVector hullWidth = TLanes.Max(TLanes.Subtract(TLanes.Max(x2, bx2), TLanes.Min(x1, bx1)), zero);
                TVector hullHeight = TLanes.Max(TLanes.Subtract(TLanes.Max(y2, by2), TLanes.Min(y1, by1)), zero);
                if (measure == OverlapMeasure.Generalized)
                {
                    TVector hull = TLanes.Multiply(hullWidth, hullHeight);
                    overlap = TLanes.Subtract(iou, TLanes.Divide(TLanes.Subtract(hull, union), hull));
                }
                else
                {
                    TVector dx = TLanes.Subtract(TLanes.Multiply(TLanes.Add(x1, x2), half), TLanes.Multiply(TLanes.Add(bx1, bx2), half));
                    TVector dy = TLanes.Subtract(TLanes.Multiply(TLanes.Add(y1, y2), half), TLanes.Multiply(TLanes.Add(by1, by2), half));
                    TVector distance = TLanes.Add(TLanes.Multiply(dx, dx), TLanes.Multiply(dy, dy));
                    TVector diagonal = TLanes.Add(TLanes.Add(TLanes.Multiply(hullWidth, hullWidth), TLanes.Multiply(hullHeight, hullHeight)), epsilon);
                    overlap = TLanes.Subtract(iou, TLanes.Divide(distance, diagonal));
                }

                if (measure == OverlapMeasure.Complete)
                {
                    TVector turn = TLanes.Subtract(angle, TLanes.Load(sAngle + j));
                    TVector v = TLanes.Multiply(aspectFactor, TLanes.Multiply(turn, turn));
                    TVector alpha = TLanes.Divide(v, TLanes.Add(TLanes.Add(TLanes.Subtract(one, iou), v), epsilon));
                    overlap = TLanes.Subtract(overlap, TLanes.Multiply(alpha, v));
                }
            }

            TLanes.Store(overlap, output + j);
        }

        return j;
    }

    private readonly struct Columns(BoxArrays boxes, float* angles, int count)
    {
        public readonly BoxArrays Boxes = boxes;
        public readonly float* Angles = angles;
        public readonly int Count = count;
    }
}
