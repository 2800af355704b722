using System.Runtime.InteropServices;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Rcnn.Ops;

/// <summary>How the corners of a RoI become whole cells.</summary>
public enum RoiRounding
{
    /// <summary>0.5 → 1, 1.5 → 2, −0.5 → −1: C's round, thus Caffe, torchvision and detectron2.</summary>
    HalfAwayFromZero,

    /// <summary>0.5 → 0, 1.5 → 2: NumPy's and torch's round.</summary>
    HalfToEven,
}

/// <summary>
/// RoIPool (Girshick 2015, §2.1): the RoI is rounded to whole cells (both ends inclusive) and divided into bins whose borders are rounded outwards; each bin is
/// the maximum of its cells. Differentiable in the features: the gradient goes to the first cell, row by row, that holds the maximum.
/// </summary>
public static class RoiPool
{
    /// <param name="input">[B,C,H,W] float32 features, contiguous or channels-last; NaN never wins</param>
    /// <param name="rois">[K,5] float32 (image index, x1, y1, x2, y2) in pixels; K = 0 gives an empty result. A bin outside the map is 0 and has no gradient; inverted boxes become
    /// one cell wide.</param>
    /// <param name="pooledHeight">P_h ≥ 1</param>
    /// <param name="pooledWidth">P_w ≥ 1</param>
    /// <param name="spatialScale">Feature cells per pixel.</param>
    /// <param name="rounding">How corners become whole cells.</param>
    /// <returns>[K,C,P_h,P_w] float32 in the layout of <paramref name="input"/></returns>
    /// <exception cref="ArgumentException">Other shapes or types, or an image index outside the batch.</exception>
    public static Tensor Apply(Tensor input, Tensor rois, int pooledHeight, int pooledWidth, double spatialScale,
        RoiRounding rounding = RoiRounding.HalfAwayFromZero) => new RoiMaxPooling(rounding).Apply(input, rois, pooledHeight, pooledWidth, spatialScale);
}

/// <summary>One call of RoIPool over one or more maps; also what backward needs to know.</summary>
internal sealed class RoiPoolPlan(RoiLevel[] levels, int rows, int height, int width, RoiRounding rounding, bool channelsLastOutput)
{
    public RoiLevel[] Levels { get; } = levels;

    /// <summary>Rows of the output; those that no level fills are zero.</summary>
    public int Rows { get; } = rows;

    public int Height { get; } = height;

    public int Width { get; } = width;

    public RoiRounding Rounding { get; } = rounding;

    public bool ChannelsLastOutput { get; } = channelsLastOutput;

    /// <summary>Of each map: its shape, whether it lies channels-last, whether it wants a gradient.</summary>
    public (long[] Shape, bool ChannelsLast, bool NeedsGradient)[] Maps { get; set; } = [];
}

/// <summary>Autograd node of RoIPool: arguments are a <see cref="RoiPoolPlan"/> and one map a level.</summary>
internal sealed unsafe class RoiPoolFunction : SingleTensorFunction<RoiPoolFunction>
{
    private const string PlanKey = "plan";

    public override string Name => "RoiPool";

    public override Tensor forward(AutogradContext ctx, params object[] vars)
    {
        var plan = (RoiPoolPlan)vars[0];
        Tensor[] maps = vars.Skip(1).Cast<Tensor>().ToArray();
        plan.Maps = maps.Select(m => (m.shape, RoiLayout.IsChannelsLast(m), m.requires_grad)).ToArray();
        ctx.save_data(PlanKey, plan);
        bool wantsWinners = Array.Exists(plan.Maps, m => m.NeedsGradient);
        Tensor output = RoiLayout.Empty(plan.Rows, maps[0].shape[1], plan.Height, plan.Width, plan.ChannelsLastOutput);
        Tensor winners = empty([wantsWinners ? output.numel() : 0], int32);
        HugePages.Advise(Engine.Pointer(winners), winners.numel() * sizeof(int));
        ctx.save_for_backward([winners]);
        if (output.numel() == 0)
        {
            return output;
        }

        if (plan.Levels.Sum(l => l.Rois.Length / 5) < plan.Rows)
        {
            output.zero_();
        }

        for (int i = 0; i < maps.Length; i++)
        {
            RoiLevel level = plan.Levels[i];
            if (level.Rois.Length == 0)
            {
                continue;
            }

            using var features = new ChannelsLastFeatures(maps[i]);
            fixed (float* rois = level.Rois)
            fixed (int* rows = level.Rows)
            {
                RoiPoolCpu.Forward(features.Pointer, features.Height, features.Width, features.Channels, rois, level.Rois.Length / 5, rows, level.Scale,
                    plan.Rounding, plan.Height, plan.Width, (float*)Engine.Pointer(output), wantsWinners ? (int*)Engine.Pointer(winners) : null,
                    plan.ChannelsLastOutput);
            }
        }

        return output;
    }

    public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output)
    {
        var plan = (RoiPoolPlan)ctx.get_data(PlanKey);
        Tensor winners = ctx.get_saved_variables()[0];
        using Tensor pooled = plan.ChannelsLastOutput ? Engine.ChannelsLast(grad_output) : grad_output.contiguous();
        var gradients = new List<Tensor> { null! };
        for (int i = 0; i < plan.Maps.Length; i++)
        {
            gradients.Add(plan.Maps[i].NeedsGradient ? Backward(plan, i, (float*)Engine.Pointer(pooled), (int*)Engine.Pointer(winners)) : null!);
        }

        return gradients;
    }

    // Sums in the layout of the output, where gradients and winners lie side by side; then changes to that of the map if it differs.
    private static Tensor Backward(RoiPoolPlan plan, int map, float* pooled, int* winners)
    {
        (long[] shape, bool mapChannelsLast, _) = plan.Maps[map];
        RoiLevel level = plan.Levels[map];
        int batch = (int)shape[0], channels = (int)shape[1], pixels = (int)(shape[2] * shape[3]);
        int count = level.Rois.Length / 5, bins = plan.Height * plan.Width;
        Tensor gradient = RoiLayout.Empty(batch, channels, shape[2], shape[3], mapChannelsLast);
        long size = gradient.numel();
        if (size == 0 || count == 0)
        {
            return gradient.zero_();
        }

        float* result = (float*)Engine.Pointer(gradient);
        bool sameLayout = mapChannelsLast == plan.ChannelsLastOutput;
        using var scratch = new Scratch<float>(sameLayout ? 1 : size);
        float* sum = sameLayout ? result : scratch.Pointer;
        NativeMemory.Clear(sum, (nuint)size * sizeof(float));
        fixed (float* rois = level.Rois)
        fixed (int* rows = level.Rows)
        {
            if (plan.ChannelsLastOutput)
            {
                RoiPoolCpu.BackwardChannelsLast(pooled, winners, rois, count, rows, bins, pixels, channels, sum);
            }
            else
            {
                RoiPoolCpu.BackwardChannelsFirst(pooled, winners, rois, count, rows, bins, pixels, channels, sum);
            }
        }

        if (sameLayout)
        {
            return gradient;
        }

        if (mapChannelsLast)
        {
            Transpose.ToChannelsLast(sum, batch, channels, pixels, result);
        }
        else
        {
            Transpose.ToChannelsFirst(sum, batch, channels, pixels, result);
        }

        return gradient;
    }
}
