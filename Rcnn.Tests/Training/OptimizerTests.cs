using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rcnn.Tests.Training;

public sealed class OptimizerTests
{
    private static readonly float[] Start = [0.5f, -1.25f, 2f, 0.03125f, -0.75f];

    private static readonly float[][] Gradients =
    [
        [0.1f, -0.2f, 0.3f, 0.4f, -0.5f], [-0.05f, 0.15f, 0.25f, -0.35f, 0.45f], [0.2f, 0.1f, 0f, -0.1f, -0.2f],
    ];

    // From PyTorch 1.13.1 on the CPU: torch.optim.SGD / AdamW on a float32 parameter [5] with the values above, three steps.
    public static TheoryData<string, float[]> PyTorch => new()
    {
        { "sgd", [0.4749999940395355f, -1.2549999952316284f, 1.9450000524520874f, 0.036249998956918716f, -0.7250000238418579f] },
        { "momentum", [0.4596303701400757f, -1.2273544073104858f, 1.86012864112854f, -0.0007082095835357904f, -0.6759410500526428f] },
        { "dampening", [0.4655888080596924f, -1.209886908531189f, 1.88669753074646f, -0.038962699472904205f, -0.6442153453826904f] },
        { "nesterov", [0.4372273087501526f, -1.2309777736663818f, 1.8134088516235352f, 0.007574198767542839f, -0.6563258171081543f] },
        { "maximize", [0.5347644090652466f, -1.2586325407028198f, 2.117450714111328f, 0.06285788118839264f, -0.8156511187553406f] },
        { "adamw", [0.4795602560043335f, -1.238410234451294f, 1.9669185876846313f, 0.02326957881450653f, -0.7367200255393982f] },
        { "adamw-maximize", [0.5192444920539856f, -1.259160041809082f, 2.027573585510254f, 0.04031436890363693f, -0.7618218064308167f] },
    };

    [Theory]
    [MemberData(nameof(PyTorch))]
    public void ThreeSteps_EqualPyTorch(string kind, float[] expected)
    {
        using var scope = NewDisposeScope();
        var parameter = new Parameter(tensor(Start));
        using OptimizerHelper optimizer = Create(kind, [parameter]);
        foreach (float[] gradient in Gradients)
        {
            parameter.grad = tensor(gradient);
            optimizer.step();
        }

        float[] actual = parameter.detach().data<float>().ToArray();
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-7f * Math.Max(1, Math.Abs(expected[i])));
        }
    }

    [Theory]
    [InlineData("momentum")]
    [InlineData("dampening")]
    [InlineData("nesterov")]
    [InlineData("maximize")]
    [InlineData("adamw")]
    public void FusedFloat_EqualsOperatorsInDouble(string kind)
    {
        // 70,001 elements: several pieces and a scalar tail. Double takes the path of single operators, so this compares two implementations.
        using var scope = NewDisposeScope();
        const int count = 70_001;
        var single = new Parameter(tensor(Enumerable.Range(0, count).Select(i => MathF.Sin(i)).ToArray()));
        var both = new Parameter(single.detach().to_type(ScalarType.Float64));
        using OptimizerHelper fused = Create(kind, [single]), reference = Create(kind, [both]);
        for (int step = 0; step < 5; step++)
        {
            Tensor gradient = tensor(Enumerable.Range(0, count).Select(i => MathF.Cos(i * (step + 1)) / (1 + i % 7)).ToArray());
            single.grad = gradient;
            both.grad = gradient.to_type(ScalarType.Float64);
            fused.step();
            reference.step();
        }

        double worst = (single.detach().to_type(ScalarType.Float64) - both.detach()).abs().max().ToDouble();
        Assert.InRange(worst, 0, 2e-6);
        Assert.True(worst > 0, "float and double cannot agree exactly: the comparison compares nothing");
    }

    [Theory]
    [InlineData("nesterov")]
    [InlineData("adamw")]
    public void Step_AnyThreadCount_SameBits(string kind)
    {
        int before = get_num_threads();
        try
        {
            var results = new List<byte[]>();
            foreach (int threads in new[] { 1, 2, 3 })
            {
                set_num_threads(threads);
                using var scope = NewDisposeScope();
                var parameter = new Parameter(tensor(Enumerable.Range(0, 300_000).Select(i => MathF.Sin(i)).ToArray()));
                using OptimizerHelper optimizer = Create(kind, [parameter]);
                for (int step = 0; step < 3; step++)
                {
                    parameter.grad = parameter.detach() * 0.3f;
                    nn.utils.clip_grad_norm_([parameter], 5);
                    optimizer.step();
                }

                results.Add(parameter.detach().bytes.ToArray());
            }

            Assert.Equal(results[0], results[1]);
            Assert.Equal(results[0], results[2]);
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [Fact]
    public void Step_TransposedGradient_UsesTheSameElements()
    {
        using var scope = NewDisposeScope();
        var parameter = new Parameter(zeros(2, 3));
        using OptimizerHelper optimizer = optim.SGD([parameter], 1);
        parameter.grad = tensor(new float[] { 1, 2, 3, 4, 5, 6 }).view(3, 2).t();
        optimizer.step();
        Assert.Equal([-1f, -3f, -5f, -2f, -4f, -6f], parameter.detach().data<float>().ToArray());
    }

    [Fact]
    public void Groups_HaveTheirOwnRates()
    {
        using var scope = NewDisposeScope();
        var slow = new Parameter(zeros(2));
        var fast = new Parameter(zeros(2));
        using SGD optimizer = optim.SGD(
            [new SGD.ParamGroup([slow], new SGD.Options { LearningRate = 0.1 }), new SGD.ParamGroup { Parameters = [fast] }], 1.0);
        slow.grad = ones(2);
        fast.grad = ones(2);
        optimizer.step();
        Assert.Equal(-0.1f, slow.detach()[0].ToSingle(), 1e-7f);
        Assert.Equal(-1f, fast.detach()[0].ToSingle());
        Assert.Equal([0.1, 1.0], optimizer.ParamGroups.Select(g => g.LearningRate));
    }

    [Fact]
    public void ParameterTwice_IsRejected()
    {
        var parameter = new Parameter(zeros(2));
        Assert.Throws<ArgumentException>(() => optim.SGD([parameter, parameter], 0.1));
        parameter.Dispose();
    }

    [Fact]
    public void NoGradient_LeavesTheParameterAlone()
    {
        using var scope = NewDisposeScope();
        var parameter = new Parameter(ones(2));
        using SGD optimizer = optim.SGD([parameter], 0.1, momentum: 0.9, weight_decay: 0.1);
        optimizer.step();
        Assert.Equal([1f, 1f], parameter.detach().data<float>().ToArray());
    }

    [Fact]
    public void ZeroGrad_ClearsInPlace()
    {
        using var scope = NewDisposeScope();
        var parameter = new Parameter(ones(2));
        using SGD optimizer = optim.SGD([parameter], 0.1);
        parameter.grad = ones(2);
        optimizer.zero_grad();
        Assert.Equal(0, parameter.grad!.abs().sum().ToDouble());
    }

    [Theory]
    [InlineData("nesterov")]
    [InlineData("adamw")]
    public void StateDict_ContinuesToTheBit(string kind)
    {
        using var scope = NewDisposeScope();
        var first = new Parameter(tensor(Start));
        using OptimizerHelper one = Create(kind, [first]);
        first.grad = tensor(Gradients[0]);
        one.step();
        var second = new Parameter(first.detach().clone());
        using OptimizerHelper two = Create(kind, [second]);
        two.load_state_dict(one.state_dict());
        foreach ((Parameter parameter, OptimizerHelper optimizer) in new[] { (first, one), (second, two) })
        {
            parameter.grad = tensor(Gradients[1]);
            optimizer.step();
        }

        Assert.Equal(first.detach().bytes.ToArray(), second.detach().bytes.ToArray());
    }

    [Fact]
    public void ClipGradNorm_ScalesAllTogether()
    {
        using var scope = NewDisposeScope();
        var a = new Parameter(zeros(1));
        var b = new Parameter(zeros(2));
        a.grad = tensor(new[] { 3f });
        b.grad = tensor(new[] { 0f, 4f });
        Assert.Equal(5, nn.utils.clip_grad_norm_([a, b], 10), 1e-12);
        Assert.Equal(3f, a.grad!.ToSingle());
        Assert.Equal(5, nn.utils.clip_grad_norm_([a, b], 1), 1e-12);
        Assert.Equal(0.6f, a.grad!.ToSingle(), 1e-6f);
        Assert.Equal(0.8f, b.grad![1].ToSingle(), 1e-6f);
    }

    [Fact]
    public void ClipGradNorm_NotANumber_IsReturned()
    {
        using var scope = NewDisposeScope();
        var a = new Parameter(zeros(1));
        a.grad = tensor(new[] { float.NaN });
        Assert.True(double.IsNaN(nn.utils.clip_grad_norm_([a], 1)));
    }

    private static OptimizerHelper Create(string kind, Parameter[] parameters) => kind switch
    {
        "sgd" => optim.SGD(parameters, 0.1),
        "momentum" => optim.SGD(parameters, 0.1, momentum: 0.9, weight_decay: 1e-2),
        "dampening" => optim.SGD(parameters, 0.1, momentum: 0.9, dampening: 0.5, weight_decay: 1e-2),
        "nesterov" => optim.SGD(parameters, 0.1, momentum: 0.9, weight_decay: 1e-2, nesterov: true),
        "maximize" => optim.SGD(parameters, 0.1, momentum: 0.9, weight_decay: 1e-2, maximize: true),
        "adamw" => optim.AdamW(parameters, 0.01, 0.8, 0.95, 1e-6, 0.1),
        "adamw-maximize" => optim.AdamW(parameters, 0.01, 0.9, 0.999, 1e-8, 0, maximize: true),
        _ => throw new ArgumentException(kind),
    };
}
