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

        public void Export(string folder) => File.WriteAllBytes(Path.Combine(folder, "decode.jpg"), _jpeg);

        public void Run() => ImageFile.Decode(_jpeg, Name);

        public string? Compare(string folder)
        {
            string file = Path.Combine(folder, "decode.u8");
            return File.Exists(file) ? $"{ImageFile.Decode(_jpeg, Name).Pixels.Zip(File.ReadAllBytes(file)).Count(p => p.First != p.Second)} bytes differ from the peer's" : null;
        }

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
        private byte[][] _jpegs = [];
        private BatchLoader? _loader;

        /// <summary>One thread prepares in the thread that takes, so that one means one.</summary>
        private static LoaderOptions Options => new() { BatchSize = 1, Shuffle = false, FlipProbability = 0.5, Prefetch = 8 };

        public string Name => "pipeline_480";

        public string Note => string.Create(
            CultureInfo.InvariantCulture, $"{Images} images a run; {(_seconds.Count == 0 ? 0 : Images / _seconds.Order().ElementAt(_seconds.Count / 2)):F0} images/s");

        public void Setup()
        {
            _jpegs = [.. Enumerable.Range(0, Images).Select(i => ImageFile.Encode(Scene(i), ".jpg"))];
            _loader = new BatchLoader(new JpegDataset(_jpegs), Options with { Workers = Engine.Threads == 1 ? 0 : Engine.Threads });
        }

        /// <summary>The images, the flipped ones named so.</summary>
        public void Export(string folder)
        {
            for (int i = 0; i < Images; i++)
            {
                File.WriteAllBytes(Path.Combine(folder, FormattableString.Invariant($"pipeline-{i:D2}{(Flipped(i) ? "-flip" : "")}.jpg")), _jpegs[i]);
            }
        }

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

        /// <summary>The peer leaves each normalised and resized image as float32 [3,480,640].</summary>
        public string? Compare(string folder)
        {
            double most = 0;
            int i = 0;
            foreach (Batch batch in _loader!.Epoch(0))
            {
                using Batch own = batch;
                using var scope = NewDisposeScope();
                string file = Path.Combine(folder, FormattableString.Invariant($"pipeline-{i++:D2}.f32"));
                if (!File.Exists(file))
                {
                    return null;
                }

                Tensor pixels = _transform.Batch(own.Images).Pixels, theirs = Engine.FromBytes(File.ReadAllBytes(file), pixels.shape, ScalarType.Float32);
                most = Math.Max(most, pixels.sub(theirs).abs().max().item<float>());
            }

            return string.Create(CultureInfo.InvariantCulture, $"values at most {most:G2} from the peer's");
        }

        public void Dispose() => _loader?.Dispose();

        private bool Flipped(int index)
        {
            RgbImage plain = ImageFile.Decode(_jpegs[index], Name);
            Sample read = new SampleReader(new JpegDataset(_jpegs), Options).Read(0, index);
            return !read.Image.Pixels.AsSpan().SequenceEqual(plain.Pixels);
        }
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
