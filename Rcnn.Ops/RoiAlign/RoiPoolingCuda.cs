using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Rcnn.Ops;

/// <summary>
/// RoIAlign and RoIPool by kernel: features float32, float16 or bfloat16, sums in float32, the result in the type of the features. Forward and backward are repeatable to the bit: the
/// gradient is gathered cell by cell, RoIs in order. RoIs are not read back, so an image index outside the batch cannot be refused: such a RoI gives 0 and no gradient.
/// </summary>
internal static class RoiPoolingCuda
{
    /// <summary>The launcher for <paramref name="input"/> where this way of pooling has kernels; null sends it on to the CPU's path.</summary>
    public static IKernelLauncher? For(RoiPooling pooling, Tensor input) => pooling is RoiAlignPooling or RoiMaxPooling ? KernelLauncher.For(input) : null;

    /// <summary>As <see cref="RoiPooling.Apply"/>.</summary>
    public static Tensor Apply(IKernelLauncher launcher, RoiPooling pooling, Tensor input, Tensor rois, int pooledHeight, int pooledWidth, double spatialScale, bool? channelsLastOutput)
    {
        OperatorInput.Positive(pooledHeight, nameof(pooledHeight));
        OperatorInput.Positive(pooledWidth, nameof(pooledWidth));
        KernelTensor.Features(input, nameof(input));
        KernelTensor.Float32(rois, nameof(rois), input, -1, 5);
        using Tensor levels = empty([0], int32, input.device);
        var plan = new RoiKernelPlan(launcher, pooling, pooledHeight, pooledWidth, [(float)spatialScale], false, channelsLastOutput ?? RoiLayout.IsChannelsLast(input));
        return RoiKernelFunction.apply(plan, rois.detach(), levels, input);
    }

    /// <summary>As <see cref="MultiScaleRoiPooling.Apply"/>.</summary>
    /// <param name="scales">Of each map.</param>
    public static Tensor Pyramid(IKernelLauncher launcher, RoiPooling pooling, IReadOnlyList<Tensor> features, IReadOnlyList<Tensor> boxes, double[] scales, PyramidLevels rule,
        int pooledHeight, int pooledWidth, bool? channelsLastOutput)
    {
        OperatorInput.Positive(pooledHeight, nameof(pooledHeight));
        OperatorInput.Positive(pooledWidth, nameof(pooledWidth));
        for (int i = 0; i < features.Count; i++)
        {
            KernelTensor.Features(features[i], $"features[{i}]");
            if (features[i].dtype != features[0].dtype || features[i].shape[0] != boxes.Count || features[i].shape[1] != features[0].shape[1])
            {
                throw new ArgumentException(
                    $"features[{i}] [{boxes.Count},{features[0].shape[1]},H,W] of {features[0].dtype} expected, got {OperatorInput.Shape(features[i])} of {features[i].dtype}", nameof(features));
            }
        }

        (Tensor rois, Tensor levels) = Levels(launcher, boxes, scales, rule, features[0]);
        var plan = new RoiKernelPlan(launcher, pooling, pooledHeight, pooledWidth, [.. scales.Select(s => (float)s)], true, channelsLastOutput ?? RoiLayout.IsChannelsLast(features[0]));
        return RoiKernelFunction.apply([plan, rois, levels, .. features]);
    }

    /// <summary>Boxes of all images as RoIs [K,5], and the level of each, [K] int32.</summary>
    public static (Tensor Rois, Tensor Levels) Levels(IKernelLauncher launcher, IReadOnlyList<Tensor> boxes, IReadOnlyList<double> scales, PyramidLevels rule, Tensor beside)
    {
        var parts = new Tensor[boxes.Count];
        for (int image = 0; image < parts.Length; image++)
        {
            KernelTensor.Float32(boxes[image], $"boxes[{image}]", beside, -1, 4);
            parts[image] = cat([full([boxes[image].shape[0], 1], image, float32, beside.device), boxes[image].detach()], 1);
        }

        const int Threads = 256;
        Tensor rois = cat(parts);
        Tensor levels = empty([rois.shape[0]], int32, beside.device);
        int finest = (int)-Math.Log2(scales[0]), coarsest = (int)-Math.Log2(scales[^1]);
        launcher.Launch(new("boxes", "boxes_levels"), KernelGrid.Over(rois.shape[0], Threads), Threads,
            rois, (int)rois.shape[0], (float)rule.CanonicalSize, rule.CanonicalLevel, rule.Rule == LevelRule.Detectron2, finest, coarsest, scales.Count == 1, levels);
        return (rois, levels);
    }
}

/// <summary>How a box finds its level: s₀, k₀ and where the small constant sits.</summary>
internal readonly record struct PyramidLevels(double CanonicalSize, int CanonicalLevel, LevelRule Rule);

/// <summary>One call over one or more maps; also what backward needs to know.</summary>
internal sealed record RoiKernelPlan(IKernelLauncher Launcher, RoiPooling Pooling, int Height, int Width, float[] Scales, bool HasLevels, bool ChannelsLastOutput)
{
    /// <summary>Of each map: its shape, whether it lies channels-last, whether it wants a gradient.</summary>
    public (long[] Shape, bool ChannelsLast, bool NeedsGradient)[] Maps { get; set; } = [];

    /// <summary>Whether backward needs to know which sample or cell won.</summary>
    public bool Maximum => Pooling is RoiMaxPooling or RoiAlignPooling { Reduction: BinReduction.Max };

    /// <summary>The two numbers of the operator that every kernel takes, and the name of its source and kernels.</summary>
    public (string Source, string Name, int First, int Second) Operator => Pooling switch
    {
        RoiAlignPooling a => ("roi_align", a.Reduction == BinReduction.Max ? "roi_align_max" : "roi_align", a.SamplingRatio, a.Aligned ? 1 : 0),
        RoiMaxPooling m => ("roi_pool", "roi_pool", m.Rounding == RoiRounding.HalfToEven ? 1 : 0, 0),
        _ => throw new NotSupportedException($"{Pooling} has no kernel"),
    };

    /// <summary>Which variant serves these tensors: the maximum of samples has the scalar one alone.</summary>
    public (string Suffix, int Width) Variant(ScalarType type, long channels, params ReadOnlySpan<Tensor> tensors)
    {
        (string suffix, int width) = KernelTensor.Variant(type, channels, tensors);
        return Operator.Name == "roi_align_max" ? (suffix.Replace("vector", "scalar", StringComparison.Ordinal), 1) : (suffix, width);
    }
}

/// <summary>Autograd node: arguments are a <see cref="RoiKernelPlan"/>, RoIs [K,5], levels [K] or [0], and one map a level.</summary>
internal sealed class RoiKernelFunction : SingleTensorFunction<RoiKernelFunction>
{
    private const string PlanKey = "plan";
    private const int Threads = 256, Lanes = 32;

    public override string Name => "RoiKernel";

    public override Tensor forward(AutogradContext ctx, params object[] vars)
    {
        var plan = (RoiKernelPlan)vars[0];
        var levels = (Tensor)vars[2];
        Tensor[] maps = [.. vars.Skip(3).Cast<Tensor>()];
        plan.Maps = [.. maps.Select(m => (m.shape, RoiLayout.IsChannelsLast(m), m.requires_grad))];
        bool wantsWinners = plan.Maximum && Array.Exists(plan.Maps, m => m.NeedsGradient);
        using Tensor rois = ((Tensor)vars[1]).contiguous();
        long count = rois.shape[0], channels = maps[0].shape[1];
        Tensor output = KernelTensor.Empty(count, channels, plan.Height, plan.Width, plan.ChannelsLastOutput, maps[0]);
        using Tensor winners = empty([wantsWinners ? output.numel() : 0], int32, rois.device);
        ctx.save_data(PlanKey, plan);
        ctx.save_for_backward([rois, levels, winners]);
        if (plan.HasLevels)
        {
            output.zero_();
        }

        (string source, string name, int first, int second) = plan.Operator;
        for (int i = 0; i < maps.Length && output.numel() > 0; i++)
        {
            using Tensor map = Engine.ChannelsLast(maps[i]);
            (string suffix, int width) = plan.Variant(map.dtype, channels, map, output);
            plan.Launcher.Launch(new(source, $"{name}_forward_{suffix}"), new(count, (channels + Lanes * width - 1) / (Lanes * width)), Threads,
                map, rois, plan.HasLevels ? levels : null, i, (int)map.shape[0], (int)channels, (int)map.shape[2], (int)map.shape[3], plan.Height, plan.Width,
                plan.Scales[i], first, second, plan.ChannelsLastOutput, output, wantsWinners ? winners : null);
        }

        return output;
    }

    public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output)
    {
        var plan = (RoiKernelPlan)ctx.get_data(PlanKey);
        List<Tensor> saved = ctx.get_saved_variables();
        using Tensor pooled = Engine.ChannelsLast(grad_output);
        return [null!, null!, null!, .. plan.Maps.Select((m, i) => m.NeedsGradient ? Gradient(plan, i, pooled, saved[0], saved[1], saved[2]) : null!)];
    }

    private static Tensor Gradient(RoiKernelPlan plan, int map, Tensor pooled, Tensor rois, Tensor levels, Tensor winners)
    {
        (long[] shape, bool channelsLast, _) = plan.Maps[map];
        (long batch, long channels, long height, long width) = (shape[0], shape[1], shape[2], shape[3]);
        Tensor gradient = KernelTensor.Empty(batch, channels, height, width, true, pooled);
        if (gradient.numel() > 0)
        {
            (string source, string name, int first, int second) = plan.Operator;
            (string suffix, int vector) = plan.Variant(pooled.dtype, channels, pooled, gradient);
            long tiles = batch * ((height + 1) / 2) * ((width + 3) / 4);
            plan.Launcher.Launch(new(source, $"{name}_backward_{suffix}"), new(tiles, (channels + Lanes * vector - 1) / (Lanes * vector)), Threads,
                pooled, plan.Maximum ? winners : null, rois, plan.HasLevels ? levels : null, map, (int)rois.shape[0], (int)batch, (int)channels, (int)height, (int)width,
                plan.Height, plan.Width, plan.Scales[map], first, second, gradient);
        }

        if (channelsLast)
        {
            return gradient;
        }

        Tensor contiguous = gradient.contiguous();
        gradient.Dispose();
        return contiguous;
    }
}
