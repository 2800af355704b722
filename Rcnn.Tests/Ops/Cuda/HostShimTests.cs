using Rcnn.Ops;
using Rcnn.Ops.Cuda;

namespace Rcnn.Tests.Ops.Cuda;

/// <summary>The stand-in for a GPU must itself find what is wrong.</summary>
public sealed unsafe class HostShimTests
{
    private const string Reverse = """
        extern "C" __global__ void reverse_BODY(const int* in, int* out) {
          __shared__ int box[64];
          int t = threadIdx.x, at = blockIdx.x * 64;
          box[t] = in[at + t];
          BARRIER
          out[at + t] = box[63 - t];
        }
        EXPORT(reverse_BODY)
        """;

    private static readonly Lazy<HostLibrary> Library = new(() => HostLibrary.Compile([
        KernelLauncher.Resource("prelude.cuh") + Reverse.Replace("BODY", "right", StringComparison.Ordinal).Replace("BARRIER", "__syncthreads();", StringComparison.Ordinal),
        Reverse.Replace("BODY", "race", StringComparison.Ordinal).Replace("BARRIER", "", StringComparison.Ordinal),
        """
        extern "C" __global__ void between_blocks(int* cell, int* out) {
          if (threadIdx.x == 0) { *cell = blockIdx.x; out[blockIdx.x] = *cell == 0; }
          if (threadIdx.x == 1) out[blockIdx.x] += *cell;
        }
        EXPORT(between_blocks)
        extern "C" __global__ void half_barrier() { if (threadIdx.x < 32) __syncthreads(); }
        EXPORT(half_barrier)
        extern "C" __global__ void half_ballot(int* out) { if (threadIdx.x & 1) out[0] = (int)__ballot_sync(ALL_LANES, 1); }
        EXPORT(half_ballot)
        extern "C" __global__ void warp_sums(const int* in, int* out) {
          int v = in[threadIdx.x], lane = threadIdx.x & 31;
          for (int d = 16; d > 0; d >>= 1) v += __shfl_xor_sync(ALL_LANES, v, d);
          u32 odd = __ballot_sync(ALL_LANES, in[threadIdx.x] & 1);
          int first = __shfl_sync(ALL_LANES, in[threadIdx.x], 0);
          if (lane == 0) { out[3 * (threadIdx.x >> 5)] = v; out[3 * (threadIdx.x >> 5) + 1] = (int)odd; out[3 * (threadIdx.x >> 5) + 2] = first; }
        }
        EXPORT(warp_sums)
        extern "C" __global__ void uninitialised(int* out) { __shared__ int box[32]; out[blockIdx.x * 32 + threadIdx.x] = box[threadIdx.x]; }
        EXPORT(uninitialised)
        extern "C" __global__ void halves(const float* in, float* out) {
          half16 h; narrow(in[threadIdx.x], h); out[2 * threadIdx.x] = widen(h);
          bfloat16 b; narrow(in[threadIdx.x], b); out[2 * threadIdx.x + 1] = widen(b);
        }
        EXPORT(halves)
        """,
    ]));

    [Fact]
    public void Launch_KernelWithItsBarrier_IsRightForEverySeed() => Assert.All(Enumerable.Range(0, 20), seed => Assert.Equal(Expected(), RunReverse("reverse_right", seed)));

    [Fact]
    public void Launch_KernelWithoutItsBarrier_IsWrongForEverySeed() => Assert.All(Enumerable.Range(0, 20), seed => Assert.NotEqual(Expected(), RunReverse("reverse_race", seed)));

    [Fact]
    public void Launch_RaceBetweenThreads_DiffersBetweenSeeds()
    {
        var seen = new HashSet<string>();
        for (ulong seed = 0; seed < 20; seed++)
        {
            int[] output = new int[8];
            int cell = 0;
            fixed (int* o = output)
            {
                Library.Value.Launch("between_blocks", new(8), 32, [(long)&cell, (long)o], seed);
            }

            seen.Add(string.Join(',', output));
        }

        Assert.True(seen.Count > 5, $"{seen.Count} different results");
    }

    [Fact]
    public void Launch_BarrierThatHalfTheThreadsSkip_IsAnErrorAndTheNextLaunchRuns()
    {
        var e = Assert.Throws<InvalidOperationException>(() => Library.Value.Launch("half_barrier", new(1), 64, [], 1));
        Assert.Contains("half_barrier: 32 of 64 threads wait at __syncthreads", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<InvalidOperationException>(() => Library.Value.Launch("half_ballot", new(1), 32, [0L], 1));
        Assert.Contains("warp intrinsic", e.Message, StringComparison.Ordinal);
        Assert.Equal(Expected(), RunReverse("reverse_right", 1));
    }

    [Fact]
    public void Launch_UnknownKernel_IsAnError() =>
        Assert.Equal("no kernel nothing", Assert.Throws<InvalidOperationException>(() => Library.Value.Launch("nothing", new(1), 32, [], 0)).Message);

    [Fact]
    public void WarpIntrinsics_GiveEachWarpItsOwn()
    {
        int[] input = [.. Enumerable.Range(0, 64).Select(i => i * i % 37)], output = new int[6];
        fixed (int* i = input, o = output)
        {
            Library.Value.Launch("warp_sums", new(1), 64, [(long)i, (long)o], 5);
        }

        for (int w = 0; w < 2; w++)
        {
            int[] own = input[(32 * w)..(32 * w + 32)];
            Assert.Equal(own.Sum(), output[3 * w]);
            Assert.Equal((int)own.Select((v, lane) => (uint)(v & 1) << lane).Aggregate((a, b) => a | b), output[3 * w + 1]);
            Assert.Equal(own[0], output[3 * w + 2]);
        }
    }

    [Fact]
    public void SharedMemory_IsNoiseBeforeEachBlock()
    {
        int[] output = new int[64];
        fixed (int* o = output)
        {
            Library.Value.Launch("uninitialised", new(2), 32, [(long)o], 5);
        }

        Assert.True(output.Distinct().Count() > 60);
    }

    [Fact]
    public void HalfPrecision_RoundsAsDotNet()
    {
        float[] values =
        [
            0, -0f, 1, -1.5f, 65504, 65519.99f, 65520, 1e9f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 5.9604645e-8f, 2.9802322e-8f, 2.9802326e-8f, 6.1035156e-5f, 6.1e-5f,
            1.00048828125f, 1.00146484375f, 0.1f, -3.14159f, 1e-7f, 8.96e-8f,
        ];
        var random = new RandomStream(1);
        float[] input = [.. values, .. Enumerable.Range(0, 1024 - values.Length).Select(_ => BitConverter.Int32BitsToSingle(random.NextInt(int.MaxValue)))], output = new float[2048];
        fixed (float* i = input, o = output)
        {
            Library.Value.Launch("halves", new(1), 1024, [(long)i, (long)o], 5);
        }

        for (int k = 0; k < input.Length; k++)
        {
            Assert.Equal((float)(Half)input[k], output[2 * k]);
            double exact = input[k], got = output[2 * k + 1];
            Assert.True(double.IsNaN(exact) ? double.IsNaN(got) : got == exact || double.IsInfinity(got) || Math.Abs(got - exact) <= Math.Abs(exact) / 256 + 1e-40, $"{exact} became {got}");
        }
    }

    private static int[] Expected() => [.. Enumerable.Range(0, 256).Select(i => i / 64 * 64 + 63 - i % 64)];

    private static int[] RunReverse(string kernel, int seed)
    {
        int[] input = [.. Enumerable.Range(0, 256)], output = new int[256];
        fixed (int* i = input, o = output)
        {
            Library.Value.Launch(kernel, new(4), 64, [(long)i, (long)o], (ulong)seed);
        }

        return output;
    }
}
