using TorchSharp;
using TorchSharp.Utils;
using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Tests.Platform;

public sealed class AutogradTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    public static TheoryData<string> Differentiable => ["conv", "softmax", "index", "matmul", "interpolate", "custom"];

    /// <summary>Backward in double against central differences, (f(x+h) − f(x−h)) / 2h.</summary>
    [Theory]
    [MemberData(nameof(Differentiable))]
    public void Backward_MatchesFiniteDifferences(string name)
    {
        manual_seed(3);
        Tensor x = randn([1, 2, 4, 4], ScalarType.Float64).requires_grad_();
        Tensor weight = randn([3, 2, 3, 3], ScalarType.Float64);
        Tensor mixing = randn([1, 2, 4, 4], ScalarType.Float64);
        Tensor Loss(Tensor v) => name switch
        {
            "conv" => F.conv2d(v, weight, padding: [1]).tanh().sum(),
            "softmax" => (v.softmax(3) * mixing).sum(),
            "index" => v[TensorIndex.Ellipsis, TensorIndex.Slice(1, 3)].pow(2).sum() + v.index_select(2, tensor(new long[] { 0, 0, 3 })).exp().sum(),
            "matmul" => v.matmul(mixing).sigmoid().sum(),
            "interpolate" => F.interpolate(v, [7, 5], mode: InterpolationMode.Bilinear, align_corners: false).pow(3).sum(),
            _ => Cube.apply(v, 2.0).mul(mixing).sum(),
        };
        Loss(x).backward();
        double[] gradient = x.grad!.data<double>().ToArray();
        const double Step = 1e-5;
        using IDisposable quiet = no_grad();
        Tensor probe = x.detach().clone();
        TensorAccessor<double> data = probe.data<double>();
        for (int i = 0; i < gradient.Length; i++)
        {
            double kept = data[i];
            data[i] = kept + Step;
            double above = Loss(probe).ToDouble();
            data[i] = kept - Step;
            double below = Loss(probe).ToDouble();
            data[i] = kept;
            Assert.Equal((above - below) / (2 * Step), gradient[i], 1e-6 * Math.Max(1, Math.Abs(gradient[i])));
        }
    }

    [Fact]
    public void NoGrad_RecordsNothing_AndNests()
    {
        Tensor x = ones(2, requires_grad: true);
        using (no_grad())
        {
            Assert.False((x * 2).requires_grad);
            using (enable_grad())
            {
                Assert.True((x * 2).requires_grad);
            }

            Assert.False(is_grad_enabled());
        }

        Assert.True((x * 2).requires_grad);
        using (inference_mode())
        {
            Assert.True(is_inference_mode_enabled());
            Assert.False((x * 2).requires_grad);
        }

        Assert.False(is_inference_mode_enabled());
        Assert.True(x.is_leaf);
        Assert.False((x * 2).is_leaf);
        Assert.False(x.detach().requires_grad);
    }

    [Fact]
    public void Grad_AccumulatesAndCanBeCleared()
    {
        Tensor x = tensor(new float[] { 2 }, requires_grad: true);
        Assert.Null(x.grad);
        (x * x).sum().backward();
        (x * x).sum().backward();
        Assert.Equal(8, x.grad!.item<float>());
        x.grad = null;
        Assert.Null(x.grad);
        IList<Tensor> grads = autograd.grad([x.pow(3).sum()], [x], create_graph: true);
        Assert.Equal(12, grads[0].item<float>());
        IList<Tensor> second = autograd.grad([grads[0].sum()], [x]);
        Assert.Equal(12, second[0].item<float>());
        Assert.Null(x.grad);
        Tensor unused = ones(1, requires_grad: true);
        Assert.True(autograd.grad([x.sum()], [x, unused], allow_unused: true)[1].IsInvalid);
        Tensor alias = x.alias();
        Assert.True(alias.is_leaf);
        (alias * 3).sum().backward();
        Assert.Equal(3, x.grad!.item<float>());
    }

    [Fact]
    public void CustomFunction_SeesSavedTensorsDataAndMissingGradients()
    {
        Tensor a = tensor(new float[] { 1, 2 }, requires_grad: true);
        Tensor b = tensor(new float[] { 3, 4 });
        List<Tensor> outputs = SumAndProduct.apply(a, b, "label");
        Assert.Equal([4, 6], outputs[0].data<float>().ToArray());
        Assert.Equal([3, 8], outputs[1].data<float>().ToArray());
        outputs[1].sum().backward(); // the first output takes no part: its gradient is materialised as zeros
        Assert.Equal([3, 4], a.grad!.data<float>().ToArray());
        Assert.Null(b.grad);
    }

    [Fact]
    public void CustomFunction_ExceptionInBackward_ReachesTheCaller()
    {
        Tensor x = ones(2, requires_grad: true);
        Tensor y = Faulty.apply(x, "backward").sum();
        var thrown = Assert.Throws<TimeoutException>(() => y.backward());
        Assert.Equal("from backward", thrown.Message);
        Assert.Contains(nameof(Faulty), thrown.StackTrace, StringComparison.Ordinal);
        (x * 2).sum().backward(); // the engine is still usable
        Assert.Equal([2, 2], x.grad!.data<float>().ToArray());
    }

    [Fact]
    public void CustomFunction_ExceptionInForward_ReachesTheCaller() =>
        Assert.Throws<TimeoutException>(() => Faulty.apply(ones(2, requires_grad: true), "forward"));

    [Fact]
    public void CustomFunction_ContextDiesWithItsGraph()
    {
        WeakReference Run()
        {
            using DisposeScope inner = NewDisposeScope();
            var token = new object();
            Remember.apply(ones(1, requires_grad: true), token).sum().backward();
            return new WeakReference(token);
        }

        WeakReference reference = Run();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.False(reference.IsAlive);
    }

    private sealed class Cube : autograd.SingleTensorFunction<Cube>
    {
        public override string Name => nameof(Cube);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var x = (Tensor)vars[0];
            ctx.save_for_backward([x]);
            ctx.save_data("scale", vars[1]);
            return x.pow(3) * (double)vars[1];
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            Tensor x = ctx.get_saved_variables()[0];
            return [grad_output * x * x * 3 * (double)ctx.get_data("scale"), null!];
        }
    }

    private sealed class SumAndProduct : autograd.MultiTensorFunction<SumAndProduct>
    {
        public override string Name => nameof(SumAndProduct);

        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var a = (Tensor)vars[0];
            var b = (Tensor)vars[1];
            ctx.save_for_backward([a, b]);
            return [a + b, a * b];
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
        {
            List<Tensor> saved = ctx.get_saved_variables();
            return [grad_outputs[0] + (grad_outputs[1] * saved[1]), null!, null!];
        }
    }

    private sealed class Faulty : autograd.SingleTensorFunction<Faulty>
    {
        public override string Name => nameof(Faulty);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars) =>
            (string)vars[1] == "forward" ? throw new TimeoutException("from forward") : ((Tensor)vars[0]).clone();

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => throw new TimeoutException("from backward");
    }

    private sealed class Remember : autograd.SingleTensorFunction<Remember>
    {
        public override string Name => nameof(Remember);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            ctx.save_data("token", vars[1]);
            return ((Tensor)vars[0]).clone();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => [grad_output, null!];
    }
}
