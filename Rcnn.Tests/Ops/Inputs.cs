using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

/// <summary>Seeded inputs of the operator tests, and comparisons.</summary>
internal static class Inputs
{
    public static float[] Boxes(RandomStream random, int count, double width = 100, double height = 80, double largest = 40)
    {
        var boxes = new float[4 * count];
        for (int i = 0; i < boxes.Length; i += 4)
        {
            boxes[i] = (float)random.NextDouble(0, width);
            boxes[i + 1] = (float)random.NextDouble(0, height);
            boxes[i + 2] = boxes[i] + (float)random.NextDouble(1, largest);
            boxes[i + 3] = boxes[i + 1] + (float)random.NextDouble(1, largest);
        }

        return boxes;
    }

    /// <summary>Boxes that leave the map, small ones and large ones: [count,5].</summary>
    public static float[] Rois(RandomStream random, int count, int batch, double side)
    {
        var rois = new float[5 * count];
        for (int i = 0; i < rois.Length; i += 5)
        {
            rois[i] = random.NextInt(batch);
            rois[i + 1] = (float)random.NextDouble(-0.3 * side, side);
            rois[i + 2] = (float)random.NextDouble(-0.3 * side, side);
            rois[i + 3] = rois[i + 1] + (float)random.NextDouble(0.1, 0.8 * side);
            rois[i + 4] = rois[i + 2] + (float)random.NextDouble(0.1, 0.8 * side);
        }

        return rois;
    }

    public static float[] Gaussian(RandomStream random, long count) => [.. Enumerable.Range(0, (int)count).Select(_ => (float)random.NextGaussian())];

    public static Tensor BoxTensor(float[] boxes) => tensor(boxes, [boxes.Length / 4, 4]);

    public static float[] Floats(Tensor t)
    {
        using Tensor plain = t.detach().contiguous();
        return plain.data<float>().ToArray();
    }

    public static long[] Longs(Tensor t)
    {
        using Tensor plain = t.contiguous();
        return plain.data<long>().ToArray();
    }

    public static void Close(IReadOnlyList<double> expected, IReadOnlyList<float> got, double absolute, double relative = 1e-5)
    {
        Assert.Equal(expected.Count, got.Count);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.True(Math.Abs(expected[i] - got[i]) <= absolute + relative * Math.Abs(expected[i]), $"[{i}] expected {expected[i]}, got {got[i]}");
        }
    }

    /// <summary>Runs at 1, 2, 3 and 8 threads and wants the same bits each time.</summary>
    public static void SameAtAnyThreadCount(Func<float[]> run)
    {
        int before = Engine.Threads;
        try
        {
            Engine.Threads = 1;
            float[] expected = run();
            foreach (int threads in (int[])[2, 3, 8])
            {
                Engine.Threads = threads;
                float[] got = run();
                Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), got.Select(BitConverter.SingleToInt32Bits));
            }
        }
        finally
        {
            Engine.Threads = before;
        }
    }
}
