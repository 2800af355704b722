using BenchmarkDotNet.Attributes;
using Rcnn.Ops;

namespace Rcnn.Benchmarks;

/// <summary>Segmentation and proposals of 375×500 pixels: 60 noisy rectangles, one over the other.</summary>
public class SelectiveSearchBenchmark
{
    private const int Height = 375, Width = 500;
    private readonly byte[] _image = new byte[3 * Height * Width];

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        var random = new RandomStream(0, "scene");
        for (int i = 0; i < 60; i++)
        {
            int x = random.NextInt(Width), y = random.NextInt(Height), right = Math.Min(Width, x + 20 + random.NextInt(180)), bottom = Math.Min(Height, y + 20 + random.NextInt(140));
            int[] colour = [random.NextInt(240), random.NextInt(240), random.NextInt(240)];
            for (int row = y; row < bottom; row++)
            {
                for (int c = 3 * ((row * Width) + x); c < 3 * ((row * Width) + right); c++)
                {
                    _image[c] = (byte)(colour[c % 3] + random.NextInt(16));
                }
            }
        }
    }

    [Benchmark]
    public RegionMap Segment() => GraphSegmentation.Segment(_image, Height, Width, 3, 0.8, 200, 100);

    [Benchmark]
    public float[] Single() => SelectiveSearch.Boxes(_image, Height, Width, SelectiveSearchOptions.Single);

    [Benchmark]
    public float[] Fast() => SelectiveSearch.Boxes(_image, Height, Width, SelectiveSearchOptions.Fast);

    [Benchmark]
    public float[] Quality() => SelectiveSearch.Boxes(_image, Height, Width, SelectiveSearchOptions.Quality);
}
