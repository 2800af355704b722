using Rcnn.Core;
using Rcnn.Ops;
using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Cli.Benchmarks;

/// <summary>The operators that have kernels, at the sizes of <see cref="OperatorBenchmarks"/> and under their names, with the bytes that any implementation must move.</summary>
internal static class CudaBenchmarks
{
    private const int Rois = 1000, Channels = 256, Height = 120, Width = 160, Bins = 49;

    public static IReadOnlyList<IBenchmark> All(Device device)
    {
        var all = new List<IBenchmark>();
        foreach (string layout in (string[])["", "_nhwc"])
        {
            foreach (string name in (string[])["roi_align_fwd", "roi_align_bwd", "roi_pool_fwd", "roi_pool_bwd"])
            {
                all.Add(Roi(name + layout, device, float32));
            }
        }

        foreach (ScalarType type in (ScalarType[])[float16, bfloat16])
        {
            string suffix = type == float16 ? "_nhwc_f16" : "_nhwc_bf16";
            all.Add(Roi("roi_align_fwd" + suffix, device, type));
            all.Add(Roi("roi_align_bwd" + suffix, device, type));
        }

        foreach (int count in (int[])[1000, 6000, 20000])
        {
            all.Add(new Case($"nms_{count}", "threshold 0.7", 20L * count, random =>
            {
                Tensor boxes = Boxes(random, count, device), scores = Uniform(random, count, device);
                return () => Nms.Run(boxes, scores, 0.7);
            }));
        }

        all.Add(new Case("batched_nms_20000x80", "threshold 0.5", 28L * 20000, random =>
        {
            Tensor boxes = Boxes(random, 20000, device), scores = Uniform(random, 20000, device);
            Tensor classes = tensor(Enumerable.Range(0, 20000).Select(_ => (long)random.NextInt(80)).ToArray(), int64).to(device);
            return () => Nms.Batched(boxes, scores, classes, 0.5);
        }));
        all.Add(new Case("box_iou_2000x200", "", 16L * 2200 + 4L * 400000, random =>
        {
            Tensor a = Boxes(random, 2000, device), b = Boxes(random, 200, device);
            return () => BoxOps.Iou(a, b);
        }));
        all.Add(new Case("anchors_249405", "800×1248, five levels", 16L * 249405, _ =>
        {
            AnchorGenerator generator = OperatorBenchmarks.Pyramid();
            generator.Device = device;
            return () => generator.Grid((800, 1248), OperatorBenchmarks.Grids);
        }));
        all.Add(new Case("match_249405x20", "IoU on the way", 24L * 249405, random =>
        {
            Tensor anchors = OperatorBenchmarks.Pyramid().Grid((800, 1248), OperatorBenchmarks.Grids).to(device), truths = OperatorBenchmarks.Boxes(random, 20, 1248, 800, 20, 400).to(device);
            var matcher = new Matcher(0.7, 0.3, allowLowQuality: true);
            return () => matcher.Match(anchors, truths);
        }));
        all.Add(new Case("sigmoid_focal_249405x4", "forward and backward", 4L * 4 * 249405 * 4, random =>
        {
            Tensor x = Uniform(random, 249405 * 4, device).sub(0.5).requires_grad_(true), t = Uniform(random, 249405 * 4, device).gt(0.99).to(float32);
            return () =>
            {
                x.grad = null;
                Tensor loss = Rcnn.Ops.Losses.SigmoidFocal(x, t, reduction: Reduction.Sum);
                loss.backward();
                return loss;
            };
        }));
        all.Add(new Case("mask_paste_100", "28×28 into 480×640, soft masks", 4L * 100 * (480 * 640 + 784), random =>
        {
            Tensor masks = Uniform(random, 100 * 784, device).reshape(100, 1, 28, 28), boxes = Boxes(random, 100, device);
            return () => MaskPaste.Apply(masks, boxes, (480, 640));
        }));
        return all;
    }

    private static Tensor Boxes(RandomStream random, int count, Device device) => OperatorBenchmarks.Boxes(random, count).to(device);

    private static Tensor Uniform(RandomStream random, int count, Device device) => OperatorBenchmarks.Uniform(random, count).to(device);

    private static RoiCase Roi(string name, Device device, ScalarType type) => new(name, device, type);

    private sealed class Case(string name, string note, long bytes, Func<RandomStream, Func<object>> setup) : IBenchmark
    {
        private Func<object>? _run;

        public string Name => name;

        public string Note => note;

        public long Bytes => bytes;

        public void Setup() => _run = setup(new RandomStream(0, name));

        public void Run() => _run!();

        public void Dispose()
        {
        }
    }

    /// <summary>1000 RoIs with sides 10–200 in 640×480 on 256 channels of 120×160.</summary>
    private sealed class RoiCase(string name, Device device, ScalarType type) : IBenchmark
    {
        private readonly bool _backward = name.Contains("_bwd", StringComparison.Ordinal), _align = name.StartsWith("roi_align", StringComparison.Ordinal),
            _channelsLast = name.Contains("_nhwc", StringComparison.Ordinal);

        private readonly Queue<Tensor> _outputs = new();
        private Tensor? _input, _rois, _gradient;

        public string Name => name;

        public string Note => (_channelsLast ? "channels-last" : "contiguous") + $" in and out, {type}";

        // Map and pooled values once each; RoIPool's backward also reads the winners.
        public long Bytes => (type == float32 ? 4L : 2L) * Channels * (Height * Width + Rois * Bins) + (!_align && _backward ? 4L * Channels * Rois * Bins : 0) + 20L * Rois;

        public void Setup()
        {
            var random = new RandomStream(0, "roi");
            Tensor input = tensor(Enumerable.Range(0, Channels * Height * Width).Select(_ => (float)random.NextGaussian()).ToArray(), [1, Channels, Height, Width]).to(type, device);
            _input = _channelsLast ? Engine.ChannelsLast(input) : input;
            _rois = cat([zeros([Rois, 1]), OperatorBenchmarks.Boxes(random, Rois)], 1).to(device);
            _gradient = _backward ? ones_like(Forward(_input)) : null;
        }

        public void Prepare()
        {
            if (_backward)
            {
                _outputs.Enqueue(Forward(_input!.detach().requires_grad_(true)));
            }
        }

        public void Run()
        {
            if (_backward)
            {
                _outputs.Dequeue().backward([_gradient!]);
            }
            else
            {
                Forward(_input!);
            }
        }

        public void Dispose()
        {
        }

        private Tensor Forward(Tensor input) => _align ? RoiAlign.Apply(input, _rois!, 7, 7, 0.25, 2, false) : RoiPool.Apply(input, _rois!, 7, 7, 0.25);
    }
}
