using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>100 masks of 480×640: run lengths, and every pair's overlap.</summary>
public class RleBenchmark
{
    private byte[][] _pictures = null!;
    private Rle[] _masks = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        _masks = [.. OperatorInputs.Outlines(100).Select(o => Rle.FromPolygon(o, 480, 640))];
        _pictures = [.. _masks.Select(m => m.Decode().Pixels.ToArray())];
    }

    [Benchmark]
    public Rle[] Encode() => [.. _pictures.Select(p => Rle.Encode(p, 480, 640))];

    [Benchmark]
    public BitmapMask[] Decode() => [.. _masks.Select(m => m.Decode())];

    [Benchmark]
    public double[] Iou() => Rle.Iou(_masks, _masks);
}
