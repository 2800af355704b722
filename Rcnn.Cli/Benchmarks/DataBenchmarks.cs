using System.Diagnostics;
using System.Globalization;
using OpenCvSharp;
using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Input;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Cli.Benchmarks;

/// <summary>From JPEG bytes to what a detector takes. The images are synthetic scenes of 500×375, as JPEG of quality 92.</summary>
internal static class DataBenchmarks
{
    public static IReadOnlyList<IBenchmark> All() => [new Decode(), new Pipeline()];

    private static RgbImage Scene(int index) =>
        ImageFile.Resize(DatasetFactory.Open("synthetic:hard:test").Decode(index), 375, 500, InterpolationFlags.Linear);

    /// <summary>One image to RGB bytes, the check for truncation included.</summary>
    private sealed class Decode : IBenchmark
    {
        private byte[] _jpeg = [];

        public string Name => "decode_500x375";

        public string Note => $"JPEG of {_jpeg.Length} bytes";

        public void Setup() => _jpeg = ImageFile.Encode(Scene(0), ".jpg");

        public void Run() => ImageFile.Decode(_jpeg, Name);

        public void Dispose()
        {
        }
    }

    /// <summary>32 images through the loader (decode, flip half of them) and the detector's input transform (normalise, resize to 480×640), one by one.</summary>
    private sealed class Pipeline : IBenchmark
    {
        private const int Images = 32;
        private readonly List<double> _seconds = [];
        private readonly InputTransform _transform = new(new InputConfig { MinSize = 480, MaxSize = 640 });
        private BatchLoader? _loader;

        public string Name => "pipeline_480";

        public string Note => string.Create(
            CultureInfo.InvariantCulture, $"{Images} images a run; {(_seconds.Count == 0 ? 0 : Images / _seconds.Order().ElementAt(_seconds.Count / 2)):F0} images/s");

        public void Setup() => _loader = new BatchLoader(
            new JpegDataset([.. Enumerable.Range(0, Images).Select(i => ImageFile.Encode(Scene(i), ".jpg"))]),
            new LoaderOptions { BatchSize = 1, Shuffle = false, FlipProbability = 0.5, Workers = Engine.Threads, Prefetch = 8 });

        public void Run()
        {
            long start = Stopwatch.GetTimestamp();
            foreach (Batch batch in _loader!.Epoch(0))
            {
                using (batch)
                {
                    _transform.Batch(batch.Images).Pixels.Dispose();
                }
            }

            _seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        public void Dispose() => _loader?.Dispose();
    }

    /// <summary>Encoded images in memory.</summary>
    private sealed class JpegDataset(byte[][] images) : IDetectionDataset
    {
        public string Name => "jpeg";

        public IReadOnlyList<string> ClassNames => ["thing"];

        public IReadOnlyList<int> CategoryIds => [1];

        public int Count => images.Length;

        public ImageRecord this[int index] => new(index + 1, $"{index}.jpg", 500, 375, [], Name);

        public RgbImage Decode(int index) => ImageFile.Decode(images[index], Name);

        public string Fingerprint() => "";
    }
}
