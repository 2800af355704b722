using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Rcnn.Ops;

/// <summary>
/// RoIPool (Girshick 2015, §2.1): the RoI is rounded to whole cells (half away from zero, both ends inclusive) and divided into bins whose borders are rounded outwards; each bin is
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
    /// <returns>[K,C,P_h,P_w] float32 in the layout of <paramref name="input"/></returns>
    /// <exception cref="ArgumentException">Other shapes or types, or an image index outside the batch.</exception>
    public static Tensor Apply(Tensor input, Tensor rois, int pooledHeight, int pooledWidth, double spatialScale)
    {
        OperatorInput.Features(input, nameof(input));
        OperatorInput.RoiShape(rois, nameof(rois));
        OperatorInput.Positive(pooledHeight, nameof(pooledHeight));
        OperatorInput.Positive(pooledWidth, nameof(pooledWidth));
        float[] regions = OperatorInput.Rois(rois, nameof(rois), input.shape[0]);
        bool needsGradient = input.requires_grad && is_grad_enabled();
        return RoiPoolFunction.apply(new RoiPoolPlan(regions, pooledHeight, pooledWidth, (float)spatialScale, input.shape, RoiLayout.IsChannelsLast(input), needsGradient), input);
    }
}

/// <summary>One call of RoIPool.</summary>
internal sealed record RoiPoolPlan(float[] Rois, int Height, int Width, float Scale, long[] Shape, bool ChannelsLast, bool NeedsGradient);

/// <summary>Autograd node of RoIPool: arguments are a <see cref="RoiPoolPlan"/> and the map.</summary>
internal sealed unsafe class RoiPoolFunction : SingleTensorFunction<RoiPoolFunction>
{
    private const string PlanKey = "plan";

    public override string Name => "RoiPool";

    public override Tensor forward(AutogradContext ctx, params object[] vars)
    {
        var plan = (RoiPoolPlan)vars[0];
        var map = (Tensor)vars[1];
        ctx.save_data(PlanKey, plan);
        int count = plan.Rois.Length / 5;
        Tensor output = RoiLayout.Empty(count, plan.Shape[1], plan.Height, plan.Width, plan.ChannelsLast);
        Tensor winners = empty([plan.NeedsGradient ? output.numel() : 0], int32);
        HugePages.Advise(Engine.Pointer(winners), winners.numel() * sizeof(int));
        ctx.save_for_backward([winners]);
        if (output.numel() == 0)
        {
            return output;
        }

        using var features = new ChannelsLastFeatures(map);
        fixed (float* rois = plan.Rois)
        {
            RoiPoolCpu.Forward(features.Pointer, features.Height, features.Width, features.Channels, rois, count, plan.Scale, plan.Height, plan.Width,
                (float*)Engine.Pointer(output), plan.NeedsGradient ? (int*)Engine.Pointer(winners) : null, plan.ChannelsLast);
        }

        return output;
    }

    public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output)
    {
        var plan = (RoiPoolPlan)ctx.get_data(PlanKey);
        Tensor winners = ctx.get_saved_variables()[0];
        int batch = (int)plan.Shape[0], channels = (int)plan.Shape[1], pixels = (int)(plan.Shape[2] * plan.Shape[3]);
        int count = plan.Rois.Length / 5, bins = plan.Height * plan.Width;
        Tensor gradient = RoiLayout.Empty(batch, channels, plan.Shape[2], plan.Shape[3], plan.ChannelsLast).zero_();
        if (gradient.numel() == 0 || count == 0)
        {
            return [null!, gradient];
        }

        using Tensor pooled = plan.ChannelsLast ? Engine.ChannelsLast(grad_output) : grad_output.contiguous();
        fixed (float* rois = plan.Rois)
        {
            var (g, won, result) = (Engine.Pointer(pooled), Engine.Pointer(winners), Engine.Pointer(gradient));
            if (plan.ChannelsLast)
            {
                RoiPoolCpu.BackwardChannelsLast((float*)g, (int*)won, rois, count, bins, pixels, channels, (float*)result);
            }
            else
            {
                RoiPoolCpu.BackwardChannelsFirst((float*)g, (int*)won, rois, count, bins, pixels, channels, (float*)result);
            }
        }

        return [null!, gradient];
    }
}
