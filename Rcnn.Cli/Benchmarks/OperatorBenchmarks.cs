using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Cli.Benchmarks;

/// <summary>The operators at the sizes by which they are compared with others.</summary>
internal static class OperatorBenchmarks
{
    internal static readonly (int, int)[] Grids = [.. new[] { 4, 8, 16, 32, 64 }.Select(s => ((800 + s - 1) / s, (1248 + s - 1) / s))];

    private static readonly RoiPooling Align = new RoiAlignPooling(), AlignMax = new RoiAlignPooling(Reduction: BinReduction.Max),
        Pool = new RoiMaxPooling(), Warp = new RoiWarpPooling();

    public static IReadOnlyList<IBenchmark> All() =>
    [
        new RoiBenchmark("roi_align_fwd", Align, backward: false, channelsLast: false),
        new RoiBenchmark("roi_align_bwd", Align, backward: true, channelsLast: false),
        new RoiBenchmark("roi_pool_fwd", Pool, backward: false, channelsLast: false),
        new RoiBenchmark("roi_pool_bwd", Pool, backward: true, channelsLast: false),
        new RoiBenchmark("roi_align_fwd_nhwc", Align, backward: false, channelsLast: true),
        new RoiBenchmark("roi_align_bwd_nhwc", Align, backward: true, channelsLast: true),
        new RoiBenchmark("roi_pool_fwd_nhwc", Pool, backward: false, channelsLast: true),
        new RoiBenchmark("roi_pool_bwd_nhwc", Pool, backward: true, channelsLast: true),
        new RoiBenchmark("roi_align_max_fwd", AlignMax, backward: false, channelsLast: false),
        new RoiBenchmark("roi_align_max_bwd", AlignMax, backward: true, channelsLast: false),
        new RoiBenchmark("roi_warp_fwd", Warp, backward: false, channelsLast: false),
        new RoiBenchmark("roi_warp_bwd", Warp, backward: true, channelsLast: false),
        new RoiBenchmark("roi_align_max_fwd_nhwc", AlignMax, backward: false, channelsLast: true),
        new RoiBenchmark("roi_align_max_bwd_nhwc", AlignMax, backward: true, channelsLast: true),
        new RoiBenchmark("roi_warp_fwd_nhwc", Warp, backward: false, channelsLast: true),
        new RoiBenchmark("roi_warp_bwd_nhwc", Warp, backward: true, channelsLast: true),
        NmsOf(1000),
        NmsOf(6000),
        NmsOf(20000),
        Simple("batched_nms_20000x80", "threshold 0.5", random =>
        {
            Tensor boxes = Boxes(random, 20000), scores = Uniform(random, 20000);
            Tensor classes = tensor(Enumerable.Range(0, 20000).Select(_ => (long)random.NextInt(80)).ToArray(), int64);
            return () => Nms.Batched(boxes, scores, classes, 0.5);
        }),
        Simple("box_iou_2000x200", "", random =>
        {
            Tensor a = Boxes(random, 2000), b = Boxes(random, 200);
            return () => BoxOps.Iou(a, b);
        }),
        Simple("anchors_249405", "800×1248, five levels", _ =>
        {
            AnchorGenerator generator = Pyramid();
            return () => generator.Grid((800, 1248), Grids);
        }),
        Simple("match_249405x20", "IoU on the way", random =>
        {
            Tensor anchors = Pyramid().Grid((800, 1248), Grids), truths = Boxes(random, 20, 1248, 800, 20, 400);
            var matcher = new Matcher(0.7, 0.3, allowLowQuality: true);
            return () => matcher.Match(anchors, truths);
        }),
        .. BoxBenchmarks.All(),
        .. MaskBenchmarks.All(),
        new SelectiveSearchBenchmark("fast", SelectiveSearchOptions.Fast),
        new SelectiveSearchBenchmark("quality", SelectiveSearchOptions.Quality),
        .. LossBenchmarks.All(),
    ];

    /// <summary>Boxes with sides of low … high, cut at the image: [n,4].</summary>
    internal static Tensor Boxes(RandomStream random, int count, double width = 640, double height = 480, double low = 10, double high = 200)
    {
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

    internal static Tensor Uniform(RandomStream random, int count) => tensor(Enumerable.Range(0, count).Select(_ => (float)random.NextDouble()).ToArray());

    internal static AnchorGenerator Pyramid() => new([[32], [64], [128], [256], [512]], [0.5, 1, 2]);

    private static IBenchmark NmsOf(int count) => Simple($"nms_{count}", "threshold 0.7", random =>
    {
        Tensor boxes = Boxes(random, count), scores = Uniform(random, count);
        return () => Nms.Run(boxes, scores, 0.7);
    });

    internal static IBenchmark Simple(string name, string note, Func<RandomStream, Func<object>> setup) => new SimpleBenchmark(name, note, setup);

    private sealed class SimpleBenchmark(string name, string note, Func<RandomStream, Func<object>> setup) : IBenchmark
    {
        private Func<object>? _run;

        public string Name => name;

        public string Note => note;

        public void Setup() => _run = setup(new RandomStream(0, name));

        public void Run() => _run!();

        public void Dispose()
        {
        }
    }

    /// <summary>1000 RoIs with sides 10–200 in 640×480 on 256 channels of 120×160; results, and layout changes in the contiguous case, are counted.</summary>
    private sealed class RoiBenchmark(string name, RoiPooling pooling, bool backward, bool channelsLast) : IBenchmark
    {
        private Tensor? _input, _rois, _output, _gradient;

        public string Name => name;

        public string Note => channelsLast ? "channels-last in and out" : "contiguous in and out";

        public void Setup()
        {
            var random = new RandomStream(0, "roi");
            float[] values = new float[256 * 120 * 160];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (float)random.NextGaussian();
            }

            Tensor input = tensor(values, [1, 256, 120, 160]);
            _input = (channelsLast ? Engine.ChannelsLast(input) : input).requires_grad_(backward);
            _rois = cat([zeros([1000, 1]), Boxes(random, 1000)], 1);
        }

        public void Prepare()
        {
            if (!backward)
            {
                return;
            }

            using (no_grad())
            {
                _gradient ??= ones_like(Forward()).DetachFromDisposeScope();
            }

            _input!.grad = null;
            _output = Forward();
        }

        public void Run()
        {
            if (backward)
            {
                _output!.backward([_gradient!]);
            }
            else
            {
                Forward();
            }
        }

        public void Dispose()
        {
        }

        private Tensor Forward() => pooling.Apply(_input!, _rois!, 7, 7, 0.25);
    }
}
