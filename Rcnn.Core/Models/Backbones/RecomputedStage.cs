using Rcnn.Ops;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Rcnn.Core.Models.Backbones;

/// <summary>
/// A part of a network that keeps only its input for backward and computes itself again there (Chen et al. 2016, §3): less memory for one more forward pass. The
/// same kernels run in both passes: values are those of the plain graph to the bit, gradients up to the order in which those of a map with several readers are added.
/// The part must be a function of its input and parameters alone, without counters such as batch statistics.
/// </summary>
internal sealed class RecomputedStage : SingleTensorFunction<RecomputedStage>
{
    private const string StageKey = "stage", ParametersKey = "parameters", NeedsInputKey = "input", TypeKey = "type";

    public override string Name => "RecomputedStage";

    /// <param name="stage">One tensor to another; must not change its input in place.</param>
    /// <param name="parameters">Everything it learns; those that are fixed are left out.</param>
    /// <returns>[…] of the stage; part of the graph where the input or a parameter is.</returns>
    public static Tensor Run(Func<Tensor, Tensor> stage, IEnumerable<Parameter> parameters, Tensor input)
    {
        Parameter[] learnt = [.. parameters.Where(p => p.requires_grad)];
        return learnt.Length == 0 && !input.requires_grad ? stage(input) : apply([stage, input, .. learnt]);
    }

    public override Tensor forward(AutogradContext ctx, params object[] vars)
    {
        var (stage, input) = ((Func<Tensor, Tensor>)vars[0], (Tensor)vars[1]);
        ctx.save_data(StageKey, stage);
        ctx.save_data(ParametersKey, vars.Skip(2).Cast<Tensor>().ToArray());
        ctx.save_data(NeedsInputKey, input.requires_grad);
        if (Engine.AutocastType(input.device_type) is { } type)
        {
            ctx.save_data(TypeKey, type);
        }

        ctx.save_for_backward([input]);
        // With gradients on, as layers take other kernels without; the graph dies with the output that it made.
        using IDisposable gradient = enable_grad();
        using Tensor plain = input.detach();
        return stage(plain.requires_grad_(input.requires_grad)).detach();
    }

    public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output)
    {
        var stage = (Func<Tensor, Tensor>)ctx.get_data(StageKey);
        var parameters = (Tensor[])ctx.get_data(ParametersKey);
        bool needsInput = (bool)ctx.get_data(NeedsInputKey);
        using IDisposable gradient = enable_grad();
        Tensor input = ctx.get_saved_variables()[0].detach().requires_grad_(needsInput), output;
        using (ctx.get_data(TypeKey) is ScalarType type ? Engine.Autocast(input.device_type, type) : null)
        {
            output = stage(input);
        }

        IList<Tensor> gradients = grad([output], needsInput ? [input, .. parameters] : parameters, [grad_output]);
        return needsInput ? [null!, .. gradients] : [null!, null!, .. gradients];
    }
}
