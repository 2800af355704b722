using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>100 masks of 480×640: run lengths, every pair's overlap, and soft masks pasted.</summary>
public class MaskBenchmark
{
    private byte[][] _pictures = null!;
    private Rle[] _masks = null!;
    private Tensor _soft = null!, _boxes = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        var random = new RandomStream(0, "masks");
        _masks = [.. Enumerable.Range(0, 100).Select(_ => Rle.FromPolygon(Outline(random), 480, 640))];
        _pictures = [.. _masks.Select(m => m.Decode().Pixels.ToArray())];
        (_soft, _boxes) = (rand([100, 1, 28, 28]), OperatorInputs.Boxes(100));
    }

    [Benchmark]
    public void Encode()
    {
        foreach (byte[] picture in _pictures)
        {
            Rle.Encode(picture, 480, 640);
        }
    }

    [Benchmark]
    public double[] Iou() => Rle.Iou(_masks, _masks);

    [Benchmark]
    public void Paste() => MaskPaste.Apply(_soft, _boxes, (480, 640)).Dispose();

    [Benchmark]
    public Rle[] PasteEncoded() => MaskPaste.Encode(_soft, _boxes, (480, 640));

    private static double[] Outline(RandomStream random)
    {
        double x = random.NextDouble(0, 640), y = random.NextDouble(0, 480), a = random.NextDouble(5, 100), b = random.NextDouble(5, 100);
        return [.. Enumerable.Range(0, 24).SelectMany(i => new[] { x + (a * Math.Cos(i * Math.PI / 12)), y + (b * Math.Sin(i * Math.PI / 12)) })];
    }
}
