using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Inputs of the operator benchmarks, the same numbers on every run.</summary>
internal static class OperatorInputs
{
    /// <summary>Boxes with sides of <paramref name="low"/> … <paramref name="high"/> pixels, cut at the image: [count,4].</summary>
    public static Tensor Boxes(int count, double width = 640, double height = 480, double low = 10, double high = 200)
    {
        var random = new RandomStream(count, "boxes");
        var corners = new float[4 * count];
        for (int i = 0; i < corners.Length; i += 4)
        {
            double x = random.NextDouble(0, width - 20), y = random.NextDouble(0, height - 20);
            (corners[i], corners[i + 1]) = ((float)x, (float)y);
            corners[i + 2] = (float)Math.Min(width, x + random.NextDouble(low, high));
            corners[i + 3] = (float)Math.Min(height, y + random.NextDouble(low, high));
        }

        return tensor(corners, [count, 4]);
    }

    public static Tensor Rois(int count) => cat([zeros([count, 1]), Boxes(count)], 1);

    public static Tensor Scores(int count)
    {
        var random = new RandomStream(count, "scores");
        return tensor(Enumerable.Range(0, count).Select(_ => (float)random.NextDouble()).ToArray());
    }

    public static Tensor Classes(int count, int classes) => tensor(Enumerable.Range(0, count).Select(i => (long)(i % classes)).ToArray(), int64);

    /// <summary>Ellipses of 24 corners in 480×640.</summary>
    public static double[][] Outlines(int count)
    {
        var random = new RandomStream(count, "masks");
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            double x = random.NextDouble(0, 640), y = random.NextDouble(0, 480), a = random.NextDouble(5, 100), b = random.NextDouble(5, 100);
            return Enumerable.Range(0, 24).SelectMany(i => new[] { x + (a * Math.Cos(i * Math.PI / 12)), y + (b * Math.Sin(i * Math.PI / 12)) }).ToArray();
        })];
    }

    public static AnchorGenerator Pyramid() => new([[32], [64], [128], [256], [512]], [0.5, 1, 2]);

    public static (int, int)[] PyramidGrids() => [.. new[] { 4, 8, 16, 32, 64 }.Select(s => ((800 + s - 1) / s, (1248 + s - 1) / s))];
}
