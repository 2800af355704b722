using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>The sum of squares of many tensors, in double precision and in an order that no thread count changes.</summary>
internal static unsafe class GradientNorm
{
    private const int PieceLength = 1 << 15;

    public static double SumOfSquares(IReadOnlyList<Tensor> tensors)
    {
        double total = 0;
        var pieces = new List<(nint Start, int Count)>();
        foreach (Tensor tensor in tensors)
        {
            if (!DenseMemory.IsFlat(tensor))
            {
                total += tensor.to_type(ScalarType.Float64).square().sum().ToDouble();
                continue;
            }

            float* start = DenseMemory.Pointer(tensor);
            long length = tensor.numel();
            for (long i = 0; i < length; i += PieceLength)
            {
                pieces.Add(((nint)(start + i), (int)Math.Min(PieceLength, length - i)));
            }
        }

        var sums = new double[pieces.Count];
        DenseMemory.ForEach(pieces.Count, i => sums[i] = SumOfSquares((float*)pieces[i].Start, pieces[i].Count));
        GC.KeepAlive(tensors);
        foreach (double sum in sums)
        {
            total += sum;
        }

        return total;
    }

    private static double SumOfSquares(float* x, int count)
    {
        var low = Vector512<double>.Zero;
        var high = Vector512<double>.Zero;
        int i = 0;
        for (; i <= count - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            (Vector512<double> a, Vector512<double> b) = Vector512.Widen(Vector512.Load(x + i));
            low += a * a;
            high += b * b;
        }

        double sum = Vector512.Sum(low + high);
        for (; i < count; i++)
        {
            sum += (double)x[i] * x[i];
        }

        return sum;
    }
}
