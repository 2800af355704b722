using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Rcnn.Tests.Platform;

public sealed class RandomTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Generator_SameSeed_SameNumbers()
    {
        using var first = new Generator(7);
        using var second = new Generator();
        second.manual_seed(7);
        Tensor a = randn([5], generator: first);
        Assert.True(a.Equals(randn([5], generator: second)));
        Assert.True(randperm(9, generator: first).Equals(randperm(9, generator: second)));
        Assert.True(randint(0, 100, [9], generator: first).Equals(randint(0, 100, [9], generator: second)));
        Assert.True(empty(4).uniform_(-1, 1, first).Equals(empty(4).uniform_(-1, 1, second)));
        Assert.False(a.Equals(randn([5], generator: first)));
        Assert.Equal(7, first.initial_seed());
    }

    [Fact]
    public void Generator_StateRestores_InTheMiddleOfNormals()
    {
        using var generator = new Generator(1);
        _ = randn([3], generator: generator); // an odd count leaves half a pair behind
        Tensor state = generator.get_state();
        Tensor expected = randn([7], generator: generator);
        generator.set_state(state);
        Assert.True(expected.Equals(randn([7], generator: generator)));
        using var other = new Generator(99);
        other.set_state(state);
        Assert.True(expected.Equals(randn([7], generator: other)));
    }

    /// <summary>Numbers of PyTorch 1.13: torch.manual_seed(0); torch.rand(3), as documented by its own tests for mt19937.</summary>
    [Fact]
    public void ManualSeed_SetsTheDefaultStream()
    {
        manual_seed(0);
        float[] drawn = rand(3).data<float>().ToArray();
        Assert.Equal([0.4963f, 0.7682f, 0.0885f], drawn.Select(v => MathF.Round(v, 4)));
        Tensor state = random.get_rng_state();
        Tensor next = rand(2);
        random.set_rng_state(state);
        Assert.True(next.Equals(rand(2)));
    }

    [Fact]
    public void Disposed_Generator_IsAnException()
    {
        var generator = new Generator(1);
        generator.Dispose();
        Assert.Throws<ObjectDisposedException>(() => randn([1], generator: generator));
    }
}
