using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops.Cuda;

/// <summary>Runs an operator on the CPU's own path and through its kernels, in several orders of threads.</summary>
internal static class KernelCheck
{
    public static readonly ulong[] Seeds = [1, 2, 3];

    /// <summary>Wants the CPU's bits from every order; NaN is NaN. The named kernels must have run.</summary>
    public static void SameBits(Func<IEnumerable<Tensor>> run, params string[] kernels)
    {
        List<(string Shape, int[] Bits)> expected = [.. run().Select(Bits)];
        foreach (ulong seed in Seeds)
        {
            using IDisposable on = HostKernels.Use(seed);
            List<(string Shape, int[] Bits)> got = [.. run().Select(Bits)];
            Assert.Equal(expected.Select(e => e.Shape), got.Select(g => g.Shape));
            for (int i = 0; i < expected.Count; i++)
            {
                Assert.Equal(expected[i].Bits, got[i].Bits);
            }

            Assert.All(kernels, k => Assert.Contains(k, HostKernels.Launches.Keys));
        }
    }

    /// <summary>Wants values within a tolerance of the CPU's, and the same bits from every order.</summary>
    public static void Close(Func<IEnumerable<Tensor>> run, double absolute, double relative, params string[] kernels)
    {
        List<float[]> expected = [.. run().Select(Values)];
        List<List<float[]>> runs = [];
        foreach (ulong seed in Seeds)
        {
            using IDisposable on = HostKernels.Use(seed);
            runs.Add([.. run().Select(Values)]);
            Assert.All(kernels, k => Assert.Contains(k, HostKernels.Launches.Keys));
        }

        for (int i = 0; i < expected.Count; i++)
        {
            // NaN and infinities agree exactly; what is finite, within the tolerance.
            Assert.Equal(expected[i].Where(v => !float.IsFinite(v)), runs[0][i].Where(v => !float.IsFinite(v)));
            Inputs.Close([.. expected[i].Select(v => float.IsFinite(v) ? v : 0.0)], [.. runs[0][i].Select(v => float.IsFinite(v) ? v : 0)], absolute, relative);
            Assert.All(runs, r => Assert.Equal(runs[0][i].Select(BitConverter.SingleToInt32Bits), r[i].Select(BitConverter.SingleToInt32Bits)));
        }
    }

    private static float[] Values(Tensor t) => Inputs.Floats(t.to(float32));

    private static (string Shape, int[] Bits) Bits(Tensor t) => (string.Join(",", t.shape) + t.dtype, t.dtype == ScalarType.Int64
        ? [.. Inputs.Longs(t).Select(v => (int)v)]
        : [.. Values(t).Select(v => BitConverter.SingleToInt32Bits(float.IsNaN(v) ? float.NaN : v))]);
}
