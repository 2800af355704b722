using System.Reflection;
using Rcnn.Ops;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops.Surface;

/// <summary>
/// Every public operator under inputs that nobody hopes for: the right answer or an <see cref="ArgumentException"/> that names the parameter, whatever lies in pooled memory; never a crash
/// or a hang.
/// </summary>
public sealed class SurfaceSweepTests
{
    private const int Rows = 23;

    public static TheoryData<int, string> Operators
    {
        get
        {
            var data = new TheoryData<int, string>();
            for (int i = 0; i < SweptOperators.All.Length; i++)
            {
                data.Add(i, SweptOperators.All[i].Name);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Operators))]
    public void NoRows_AreANormalInput(int index, string name)
    {
        using DisposeScope scope = NewDisposeScope();
        SweptOperator op = SweptOperators.All[index];
        Assert.All(op.Run(op.Make(new RandomStream(1, name), 0)), t => Assert.False(t.IsInvalid));
    }

    [Theory]
    [MemberData(nameof(Operators))]
    public void ViewsAndStrides_GiveTheSameBits(int index, string name)
    {
        using DisposeScope scope = NewDisposeScope();
        SweptOperator op = SweptOperators.All[index];
        Tensor[] inputs = op.Make(new RandomStream(2, name), Rows);
        byte[][] expected = Bits(op.Run(inputs));
        for (int i = 0; i < inputs.Length; i++)
        {
            foreach (Tensor same in new[] { Interleaved(inputs[i]), Transposed(inputs[i]), Offset(inputs[i]) })
            {
                Assert.Equal(expected, Bits(op.Run(With(inputs, i, same))));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Operators))]
    public void WrongTypeRankOrNull_NamesTheParameter(int index, string name)
    {
        using DisposeScope scope = NewDisposeScope();
        SweptOperator op = SweptOperators.All[index];
        Tensor[] inputs = op.Make(new RandomStream(3, name), Rows);
        for (int i = 0; i < inputs.Length; i++)
        {
            foreach (Tensor? wrong in new[] { inputs[i].to(float64), inputs[i].to(int16), inputs[i].unsqueeze(0).unsqueeze(0), inputs[i].flatten()[0], null })
            {
                // RPN outputs come in any shape of so many elements. Where shapes must agree, either parameter may be named.
                if (op.Name == "RpnProposals.Select" && wrong?.dtype == inputs[i].dtype && wrong.numel() == inputs[i].numel() && op.Parameters[i] != "anchors[0]")
                {
                    Assert.Equal(Bits(op.Run(inputs)), Bits(op.Run(With(inputs, i, wrong))));
                    continue;
                }

                ArgumentException error = Assert.ThrowsAny<ArgumentException>(() => op.Run(With(inputs, i, wrong!)));
                Assert.True(op.Parameters.Any(p => error.Message.Contains(p, StringComparison.Ordinal)), $"{op.Parameters[i]} = {(wrong is null ? "null" : wrong.dtype + OperatorInput.Shape(wrong))}: {error.Message}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Operators))]
    public void WildValues_GiveARepeatableResultOrNameTheParameter(int index, string name)
    {
        SweptOperator op = SweptOperators.All[index];
        for (int variant = 0; variant < Wild.Length; variant++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor[] inputs = op.Make(new RandomStream(4, name), Rows);
            for (int i = 0; i < inputs.Length; i++)
            {
                if (inputs[i].dtype == ScalarType.Float32)
                {
                    Tensor[] wild = With(inputs, i, Wild[variant](inputs[i], new RandomStream(5, name)));
                    Assert.Equal(Outcome(op, wild, 0x7f), Outcome(op, wild, 0xff));
                }
            }
        }
    }

    [Fact]
    public void EveryPublicOperatorOnTensors_IsSwept()
    {
        string[] swept = [.. SweptOperators.All.Select(o => o.Name)];
        IEnumerable<string> there = typeof(Nms).Assembly.GetExportedTypes().Where(t => t != typeof(Engine))
            .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(m => !m.IsSpecialName && m.Name is not ("Deconstruct" or "Equals") && m.GetParameters().Any(p => TakesTensors(p.ParameterType)))
            .Select(m => $"{m.DeclaringType!.Name}.{m.Name}").Distinct();
        Assert.Empty(there.Except(swept).Except(["MultiScaleRoiAlign.InferScales", "MultiScaleRoiPooling.InferScales"]));
    }

    private static bool TakesTensors(Type type) =>
        type == typeof(Tensor) || (type.IsGenericType && type.GetGenericArguments().Any(TakesTensors)) || type == typeof(ScaleDetections) || type == typeof(ScoredDetections);

    private static readonly Func<Tensor, RandomStream, Tensor>[] Wild =
    [
        (t, _) => full_like(t, float.NaN),
        (t, _) => full_like(t, float.PositiveInfinity),
        (t, _) => full_like(t, -3e38f),
        (t, _) => zeros_like(t),
        (t, _) => t.neg(),
        (t, _) => t.mul(1e36f),
        (t, _) => t.mul(1e-40f),
        (t, _) => t.flip([t.dim() - 1]).contiguous(),                 // boxes become inverted
        (t, random) => Sprinkled(t, random),
        (t, random) => KeepFirstColumn(t, Sprinkled(t, random)),     // RoIs keep their image
        (t, random) => KeepFirstColumn(t, t.mul(1e30f)),
    ];

    private static Tensor Sprinkled(Tensor t, RandomStream random)
    {
        float[] values = Inputs.Floats(t), odd = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 3e38f, -3e38f, 1e-45f, -0f, 2147483648f];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = random.NextInt(3) == 0 ? odd[random.NextInt(odd.Length)] : values[i];
        }

        return tensor(values, t.shape);
    }

    private static Tensor KeepFirstColumn(Tensor t, Tensor other) =>
        t.dim() == 2 && t.shape[1] == 5 ? cat([t.narrow(1, 0, 1), other.narrow(1, 1, 4)], 1) : other;

    // What came out, or the error, when every pooled block was filled with one byte before: memory that is read before it is written shows.
    private static string Outcome(SweptOperator op, Tensor[] inputs, byte dirt)
    {
        Soil(dirt);
        try
        {
            return string.Join(' ', Bits(op.Run(inputs)).Select(Convert.ToHexString));
        }
        catch (ArgumentException e)
        {
            Assert.True(op.Parameters.Any(p => e.Message.Contains(p, StringComparison.Ordinal)), e.Message);
            return e.Message;
        }
    }

    private static unsafe void Soil(byte dirt)
    {
        var blocks = new Stack<Scratch<byte>>();
        for (int size = 12; size <= 20; size++)
        {
            for (int copy = 0; copy < 6; copy++)
            {
                var block = new Scratch<byte>(1L << size);
                new Span<byte>(block.Pointer, 1 << size).Fill(dirt);
                blocks.Push(block);
            }
        }

        while (blocks.TryPop(out Scratch<byte> block))
        {
            block.Dispose();
        }
    }

    private static Tensor[] With(Tensor[] inputs, int index, Tensor other) => [.. inputs.Select((t, i) => i == index ? other : t)];

    private static Tensor Interleaved(Tensor t) => stack([t, t.neg()], -1).select(-1, 0);

    private static Tensor Transposed(Tensor t) => t.dim() < 2 ? Interleaved(t) : t.transpose(0, -1).contiguous().transpose(0, -1);

    private static Tensor Offset(Tensor t) => cat([t, t], 0).narrow(0, t.shape[0], t.shape[0]);

    private static unsafe byte[][] Bits(Tensor[] results) => [.. results.Select(t =>
    {
        using Tensor plain = t.contiguous();
        return plain.numel() == 0 ? [] : new Span<byte>((void*)Engine.Pointer(plain), checked((int)(plain.numel() * plain.element_size()))).ToArray();
    })];
}
