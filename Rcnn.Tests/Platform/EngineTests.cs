using Rcnn.Ops;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Tests.Platform;

public sealed class EngineTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void ChannelsLast_ChangesTheLayoutOnly()
    {
        Tensor x = rand(2, 3, 4, 5);
        Tensor y = Engine.ChannelsLast(x);
        Assert.False(Engine.IsChannelsLast(x));
        Assert.True(Engine.IsChannelsLast(y));
        Assert.True(x.Equals(y));
        Assert.Equal([60, 1, 15, 3], y.stride());
        Assert.Equal(Engine.Pointer(y), Engine.Pointer(Engine.ChannelsLast(y)));
        Assert.True(Engine.IsChannelsLast(F.conv2d(y, Engine.ChannelsLast(rand(8, 3, 3, 3)))));
        Assert.Throws<ArgumentException>(() => Engine.ChannelsLast(ones(3)));
        Assert.False(Engine.IsChannelsLast(ones(3)));
    }

    [Fact]
    public unsafe void Pointer_IsThatOfTheFirstElement()
    {
        Tensor x = arange(6, ScalarType.Float32);
        Assert.Equal(4f, ((float*)Engine.Pointer(x))[4]);
        Assert.Equal(Engine.Pointer(x) + 8, Engine.Pointer(x[2..]));
        Assert.Equal(0, Engine.Pointer(zeros(0)));
    }

    [Fact]
    public void FromBytes_CopiesAndChecksTheLength()
    {
        Tensor t = Engine.FromBytes(BitConverter.GetBytes(3.5f), [1], ScalarType.Float32);
        Assert.Equal(3.5f, t.item<float>());
        Assert.Throws<ArgumentException>(() => Engine.FromBytes(new byte[3], [1], ScalarType.Float32));
        Assert.Equal([0, 4], Engine.FromBytes([], [0, 4], ScalarType.Int64).shape);
    }

    [Fact]
    public void Replace_KeepsTheObjectAndItsGradient()
    {
        Tensor weight = rand([4, 3, 3, 3], requires_grad: true);
        weight.sum().backward();
        Engine.Replace(weight, Engine.ChannelsLast(weight.detach()));
        Assert.True(Engine.IsChannelsLast(weight));
        Assert.True(weight.requires_grad);
        Assert.True(weight.is_leaf);
        Assert.Equal(108, weight.grad!.sum().ToSingle());
    }

    [Fact]
    public void Threads_ResultsDoNotDependOnThem()
    {
        int before = Engine.Threads;
        try
        {
            Tensor x = rand(1, 16, 40, 40), w = rand(32, 16, 3, 3);
            Engine.Threads = 1;
            Tensor one = F.conv2d(x, w, padding: [1]);
            Engine.Threads = 2;
            Assert.Equal(2, Engine.Threads);
            Assert.True(one.Equals(F.conv2d(x, w, padding: [1])));
            Assert.Throws<ArgumentOutOfRangeException>(() => Engine.Threads = 0);
        }
        finally
        {
            Engine.Threads = before;
        }
    }

    [Fact]
    public void Memory_FiguresArePlausible()
    {
        Assert.InRange(Engine.ResidentBytes, 1 << 20, Engine.PeakResidentBytes);
    }
}
