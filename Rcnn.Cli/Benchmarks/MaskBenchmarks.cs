using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Cli.Benchmarks;

/// <summary>Masks of 480×640 pixels: 100 ellipses with sides 10–200, coded, compared and pasted.</summary>
internal static class MaskBenchmarks
{
    private const int Count = 100, Height = 480, Width = 640;

    public static IReadOnlyList<IBenchmark> All() =>
    [
        OperatorBenchmarks.Simple("rle_encode_100x480x640", "ellipses, row-major bytes in", random =>
        {
            byte[][] pictures = [.. Enumerable.Range(0, Count).Select(_ => Ellipse(random).Pixels.ToArray())];
            return () => pictures.Select(p => Rle.Encode(p, Height, Width)).ToArray();
        }),
        OperatorBenchmarks.Simple("rle_decode_100x480x640", "to row-major bytes", random =>
        {
            Rle[] masks = Masks(random);
            return () => masks.Select(m => m.Decode()).ToArray();
        }),
        OperatorBenchmarks.Simple("rle_iou_100x100", "every pair, from compressed counts", random =>
        {
            Rle[] a = Masks(random), b = Masks(random);
            return () => Rle.Iou(a, b);
        }),
        OperatorBenchmarks.Simple("rle_polygon_1000", "24 corners each", random =>
        {
            double[][] polygons = [.. Enumerable.Range(0, 1000).Select(_ => Outline(random))];
            return () => polygons.Select(p => Rle.FromPolygon(p, Height, Width)).ToArray();
        }),
        OperatorBenchmarks.Simple("mask_paste_100", "28×28 into 480×640, soft masks", random =>
        {
            (Tensor masks, Tensor boxes) = Soft(random);
            return () => MaskPaste.Apply(masks, boxes, (Height, Width));
        }),
        OperatorBenchmarks.Simple("mask_paste_rle_100", "28×28 into 480×640, run-length encoded", random =>
        {
            (Tensor masks, Tensor boxes) = Soft(random);
            return () => MaskPaste.Encode(masks, boxes, (Height, Width));
        }),
    ];

    private static Rle[] Masks(RandomStream random) => [.. Enumerable.Range(0, Count).Select(_ => Rle.Encode(Ellipse(random)))];

    private static BitmapMask Ellipse(RandomStream random) => Rle.FromPolygon(Outline(random), Height, Width).Decode();

    private static double[] Outline(RandomStream random)
    {
        double x = random.NextDouble(0, Width), y = random.NextDouble(0, Height), a = random.NextDouble(5, 100), b = random.NextDouble(5, 100);
        return [.. Enumerable.Range(0, 24).SelectMany(i => new[] { x + (a * Math.Cos(i * Math.PI / 12)), y + (b * Math.Sin(i * Math.PI / 12)) })];
    }

    private static (Tensor Masks, Tensor Boxes) Soft(RandomStream random)
    {
        float[] cells = [.. Enumerable.Range(0, Count * 28 * 28).Select(_ => (float)random.NextDouble())];
        return (tensor(cells, [Count, 1, 28, 28]), OperatorBenchmarks.Boxes(random, Count));
    }
}
