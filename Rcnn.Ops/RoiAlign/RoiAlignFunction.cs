using System.Runtime.InteropServices;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Rcnn.Ops;

/// <summary>RoIs pooled from one map.</summary>
/// <param name="Scale">Feature cells per pixel on this map.</param>
/// <param name="Rois">[k,5], row after row</param>
/// <param name="Rows">Output row of each RoI; null for 0, 1, 2, …</param>
internal sealed record RoiLevel(float Scale, float[] Rois, int[]? Rows);

/// <summary>One call of RoIAlign over one or more maps; also what backward needs to know.</summary>
internal sealed class RoiAlignPlan(RoiAlignSettings settings, RoiLevel[] levels, int rows, bool channelsLastOutput)
{
    public RoiAlignSettings Settings { get; } = settings;

    public RoiLevel[] Levels { get; } = levels;

    /// <summary>Rows of the output; those that no level fills are zero.</summary>
    public int Rows { get; } = rows;

    public bool ChannelsLastOutput { get; } = channelsLastOutput;

    /// <summary>Of each map: its shape, whether it lies channels-last, whether it wants a gradient.</summary>
    public (long[] Shape, bool ChannelsLast, bool NeedsGradient)[] Maps { get; set; } = [];
}

/// <summary>Autograd node of RoIAlign and RoIWarp: arguments are a <see cref="RoiAlignPlan"/> and one map a level.</summary>
internal sealed unsafe class RoiAlignFunction : SingleTensorFunction<RoiAlignFunction>
{
    private const string PlanKey = "plan";

    public override string Name => "RoiAlign";

    public override Tensor forward(AutogradContext ctx, params object[] vars)
    {
        var plan = (RoiAlignPlan)vars[0];
        Tensor[] maps = vars.Skip(1).Cast<Tensor>().ToArray();
        plan.Maps = maps.Select(m => (m.shape, RoiLayout.IsChannelsLast(m), m.requires_grad)).ToArray();
        ctx.save_data(PlanKey, plan);
        bool maximum = plan.Settings.Reduction == BinReduction.Max;
        bool wantsWinners = maximum && Array.Exists(plan.Maps, m => m.NeedsGradient);

        long channels = maps[0].shape[1];
        Tensor output = RoiLayout.Empty(plan.Rows, channels, plan.Settings.Height, plan.Settings.Width, plan.ChannelsLastOutput);
        Tensor winners = empty([wantsWinners ? output.numel() : 0], int32);
        ctx.save_for_backward([winners]);
        if (output.numel() == 0)
        {
            return output;
        }

        if (plan.Levels.Sum(l => l.Rois.Length / 5) < plan.Rows)
        {
            output.zero_();
        }

        float* pooled = (float*)Engine.Pointer(output);
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
                RoiAlignSettings settings = plan.Settings with { Scale = level.Scale };
                int count = level.Rois.Length / 5;
                if (maximum)
                {
                    RoiAlignMaxCpu.Forward(features.Pointer, features.Height, features.Width, features.Channels, rois, count, rows, settings, pooled,
                        wantsWinners ? (int*)Engine.Pointer(winners) : null, plan.ChannelsLastOutput);
                }
                else
                {
                    RoiAlignCpu.Forward(features.Pointer, features.Height, features.Width, features.Channels, rois, count, rows, settings, pooled,
                        plan.ChannelsLastOutput);
                }
            }
        }

        return output;
    }

    public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output)
    {
        var plan = (RoiAlignPlan)ctx.get_data(PlanKey);
        Tensor winners = ctx.get_saved_variables()[0];
        bool channelsLast = RoiLayout.IsChannelsLast(grad_output);
        using Tensor pooled = channelsLast ? grad_output.alias() : grad_output.contiguous();
        var gradients = new List<Tensor> { null! };
        for (int i = 0; i < plan.Maps.Length; i++)
        {
            gradients.Add(plan.Maps[i].NeedsGradient ? Backward(plan, i, (float*)Engine.Pointer(pooled), (int*)Engine.Pointer(winners), channelsLast) : null!);
        }

        return gradients;
    }

    private static Tensor Backward(RoiAlignPlan plan, int map, float* pooled, int* winners, bool channelsLast)
    {
        (long[] shape, bool mapChannelsLast, _) = plan.Maps[map];
        RoiLevel level = plan.Levels[map];
        int batch = (int)shape[0], channels = (int)shape[1], height = (int)shape[2], width = (int)shape[3];
        Tensor gradient = RoiLayout.Empty(batch, channels, height, width, mapChannelsLast);
        long size = gradient.numel();
        if (size == 0 || level.Rois.Length == 0 || channels == 0)
        {
            return gradient.zero_();
        }

        float* result = (float*)Engine.Pointer(gradient);
        using var scratch = new Scratch<float>(mapChannelsLast ? 1 : size);
        float* sum = mapChannelsLast ? result : scratch.Pointer;
        NativeMemory.Clear(sum, (nuint)size * sizeof(float));
        fixed (float* rois = level.Rois)
        fixed (int* rows = level.Rows)
        {
            RoiAlignSettings settings = plan.Settings with { Scale = level.Scale };
            if (settings.Reduction == BinReduction.Max)
            {
                RoiAlignMaxCpu.Backward(pooled, winners, channelsLast, height, width, channels, rois, level.Rois.Length / 5, rows, settings, sum);
            }
            else
            {
                RoiAlignCpu.Backward(pooled, channelsLast, height, width, channels, rois, level.Rois.Length / 5, rows, settings, sum);
            }
        }

        if (!mapChannelsLast)
        {
            Transpose.ToChannelsFirst(sum, batch, channels, height * width, result);
        }

        return gradient;
    }
}
