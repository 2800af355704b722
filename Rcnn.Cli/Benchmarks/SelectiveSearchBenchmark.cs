using OpenCvSharp;
using Rcnn.Core.Data;
using Rcnn.Ops;

namespace Rcnn.Cli.Benchmarks;

/// <summary>Proposals of one image of 500×375: a synthetic scene, or the photo that the environment variable <c>RCNN_BENCH_PHOTO</c> names, shrunk by areas.</summary>
internal sealed class SelectiveSearchBenchmark(string mode, SelectiveSearchOptions options) : IBenchmark
{
    private const int Height = 375, Width = 500;
    private RgbImage? _image;
    private string _source = "";
    private int _boxes;

    public string Name => $"selective_search_{mode}_{Width}x{Height}";

    public string Note => $"{_source}, {_boxes} boxes";

    public void Setup()
    {
        string? photo = Environment.GetEnvironmentVariable("RCNN_BENCH_PHOTO");
        RgbImage image = string.IsNullOrEmpty(photo) ? DatasetFactory.Open("synthetic:hard:test").Decode(0) : ImageFile.Read(photo);
        _source = string.IsNullOrEmpty(photo) ? "synthetic scene" : Path.GetFileName(photo);
        _image = ImageFile.Resize(image, Height, Width, string.IsNullOrEmpty(photo) ? InterpolationFlags.Linear : InterpolationFlags.Area);
    }

    public void Run() => _boxes = SelectiveSearch.Boxes(_image!.Pixels, Height, Width, options).Length / 4;

    public void Dispose()
    {
    }
}
