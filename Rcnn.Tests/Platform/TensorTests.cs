using TorchSharp;
using TorchSharp.Utils;
using Xunit;
using static TorchSharp.torch;

namespace Rcnn.Tests.Platform;

public sealed class TensorTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    private static float[] Floats(Tensor t) => t.to_type(ScalarType.Float32).data<float>().ToArray();

    private static long[] Longs(Tensor t) => t.to_type(ScalarType.Int64).data<long>().ToArray();

    [Fact]
    public void Factories_GiveShapeTypeAndValues()
    {
        Assert.Equal([2, 3], zeros(2, 3).shape);
        Assert.Equal([0, 4], zeros([0, 4]).shape);
        Assert.Equal(ScalarType.Float32, ones(2).dtype);
        Assert.Equal(ScalarType.Int64, arange(5).dtype);
        Assert.Equal(ScalarType.Float32, arange(0.0f, 1.0f, 0.5f).dtype);
        Assert.Equal([0, 0.5f], Floats(arange(0.0f, 1.0f, 0.5f)));
        Assert.Equal([3, 3], Floats(full(2, 3)));
        Assert.Equal(ScalarType.Int64, full(2, 3).dtype);
        Assert.Equal(ScalarType.Float32, full([2], 3.0).dtype);
        Assert.Equal([1, 0, 0, 1], Floats(eye(2)));
        Assert.Equal([0, 0.25f, 0.5f, 0.75f, 1], Floats(linspace(0, 1, 5)));
        Assert.Equal(ScalarType.Int64, randint(0, 7, [20]).dtype);
        Assert.True(randint(0, 7, [200]).max().ToInt64() < 7);
        Assert.Equal([0, 1, 2, 3, 4], Longs(randperm(5)).Order());
        Assert.Equal(Array.Empty<long>(), tensor(2.5).shape);
        Assert.Equal(ScalarType.Float64, tensor(2.5).dtype);
        Assert.Equal(ScalarType.Float32, tensor(2.5, ScalarType.Float32).dtype);
        Assert.Equal([1, 2, 3, 4, 5, 6], Floats(tensor(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } })));
        Assert.Equal([3, 2], tensor(new float[] { 1, 2, 3, 4, 5, 6 }, [3, 2]).shape);
        Assert.Equal([3, 2], tensor(new List<long> { 1, 2, 3, 4, 5, 6 }, 3, 2).shape);
        Assert.Throws<ArgumentException>(() => tensor(new float[] { 1, 2, 3 }, [2, 2]));
        Assert.True(tensor(new float[] { 1 }, requires_grad: true).requires_grad);
        Assert.Equal([0, 1], empty(0, 1).shape);
        Assert.Equal([2, 2], zeros_like(ones(2, 2)).shape);
    }

    [Fact]
    public void Data_IsCopied()
    {
        float[] source = [1, 2];
        Tensor t = tensor(source);
        source[0] = 9;
        Assert.Equal([1, 2], Floats(t));
    }

    [Fact]
    public void Arithmetic_MatchesScalars()
    {
        Tensor a = tensor(new float[] { 1, 2, 3 });
        Tensor b = tensor(new float[] { 4, 5, 6 });
        Assert.Equal([5, 7, 9], Floats(a + b));
        Assert.Equal([-3, -3, -3], Floats(a - b));
        Assert.Equal([4, 10, 18], Floats(a * b));
        Assert.Equal([4, 2.5f, 2], Floats(b / a));
        Assert.Equal([2, 3, 4], Floats(a + 1));
        Assert.Equal([0, -1, -2], Floats(1 - a));
        Assert.Equal([2, 1, 2f / 3], Floats(2 / a));
        Assert.Equal([1, 0, 1], Floats(a % 2));
        Assert.Equal([-1, -2, -3], Floats(-a));
        Assert.Equal([1, 4, 9], Floats(a.pow(2)));
        Assert.Equal([9, 12, 15], Floats(a.add(b, 2)));
        Assert.Equal([0, 1, 1], Floats(a.div(2, RoundingMode.floor)));
        Assert.Equal([1, 2, 2], Floats(a.clamp(0, 2)));
        Assert.Equal([2, 2, 3], Floats(a.clamp(min: 2)));
        Assert.Equal([2, 2, 3], Floats(maximum(a, full_like(a, 2))));
        Tensor same = a.add_(1).mul_(2);
        Assert.Same(a, same);
        Assert.Equal([4, 6, 8], Floats(a));
        Assert.Equal(ScalarType.Float32, (arange(3) / 2).dtype);
        Assert.Equal(ScalarType.Int64, (arange(3) * 2).dtype);
        Assert.Equal(2.0, round(tensor(2.5)).ToDouble()); // half to even
    }

    [Fact]
    public void Comparison_IsElementwise_EqualsIsNot()
    {
        Tensor a = tensor(new float[] { 1, float.NaN, 3 });
        Tensor b = tensor(new float[] { 1, float.NaN, 4 });
        Assert.Equal([true, false, false], (a == b).data<bool>().ToArray());
        Assert.Equal([true, false, false], a.equal(b).data<bool>().ToArray());
        Assert.Equal([false, false, true], (a < b).data<bool>().ToArray());
        Assert.Equal([false, false, true], (a > 2).data<bool>().ToArray());
        Assert.Equal([false, true, false], isnan(a).data<bool>().ToArray());
        Assert.False(a.Equals(a.clone()));
        Assert.True(a.allclose(a.clone(), equal_nan: true));
        Assert.Equal([true, false, true], ((a > 2) | (a == 1)).data<bool>().ToArray());
        Assert.Equal([false, true, false], (~((a > 2) | (a == 1))).data<bool>().ToArray());
    }

    [Fact]
    public void Reductions_OverAllAndOverDimensions()
    {
        Tensor t = arange(6, ScalarType.Float32).view(2, 3);
        Assert.Equal(15, t.sum().ToSingle());
        Assert.Equal([3, 5, 7], Floats(t.sum(dim: 0)));
        Assert.Throws<ArgumentException>(() => t.sum(0)); // a ScalarType to the compiler
        Assert.Equal([2, 1], t.sum(1, keepdim: true).shape);
        Assert.Equal([1, 4], Floats(t.mean([1])));
        (Tensor values, Tensor indexes) = t.max(1);
        Assert.Equal([2, 5], Floats(values));
        Assert.Equal([2, 2], Longs(indexes));
        Assert.Equal(5, t.max().ToSingle());
        Assert.Equal(0, t.argmin().ToInt64());
        Assert.Equal([1, 1], Floats(t.std(1)));
        Assert.True(t.any().ToBoolean());
        Assert.False(t.all().ToBoolean());
        (Tensor top, Tensor at) = t.topk(2, 1);
        Assert.Equal([2, 1, 5, 4], Floats(top));
        Assert.Equal([2, 1, 2, 1], Longs(at));
        (Tensor sorted, Tensor order) = tensor(new float[] { 2, 1, 2 }).sort(descending: true, stable: true);
        Assert.Equal([2, 2, 1], Floats(sorted));
        Assert.Equal([0, 2, 1], Longs(order));
        (Tensor output, Tensor? inverse, Tensor? counts) = tensor(new long[] { 3, 1, 3 }).unique(return_inverse: true, return_counts: true);
        Assert.Equal([1, 3], Longs(output));
        Assert.Equal([1, 0, 1], Longs(inverse!));
        Assert.Equal([1, 2], Longs(counts!));
        Assert.Null(tensor(new long[] { 3 }).unique().counts);
        Assert.Equal([0, 1, 3], Floats(arange(3, ScalarType.Float32).cumsum(0)));
    }

    [Fact]
    public void Shape_ViewsShareMemory()
    {
        Tensor t = arange(6).view(2, 3);
        Tensor row = t.select(0, 1);
        row.fill_(9);
        Assert.Equal([0, 1, 2, 9, 9, 9], Longs(t));
        Assert.Equal([3, 2], t.t().shape);
        Assert.False(t.t().is_contiguous());
        Assert.Equal([0, 9, 1, 9, 2, 9], t.t().data<long>().ToArray());
        Assert.Equal([1, 2, 3], t.unsqueeze(0).shape);
        Assert.Equal([2, 3], t.unsqueeze(0).squeeze().shape);
        Assert.Equal([6], t.flatten().shape);
        Assert.Equal([4, 2, 3], t.expand(4, 2, 3).shape);
        Assert.Equal([4, 6], t.repeat(2, 2).shape);
        Assert.Equal([2, 2], t.narrow(1, 1, 2).shape);
        Assert.Equal(2, t.split(2, 1).Length);
        Assert.Equal([[2, 1], [2, 2]], t.split([1L, 2L], 1).Select(p => p.shape));
        Assert.Equal(3, t.unbind(1).Length);
        Assert.Equal([2, 1, 0], Longs(t[0].flip(0)));
        Assert.Equal([4, 3], cat([t, t], 0).shape);
        Assert.Equal([2, 2, 3], stack([t, t]).shape);
        Assert.Equal([2, 3, 1, 1], t.view(2, 3, 1, 1).shape);
        Assert.Equal([3, 2], t.permute(1, 0).shape);
        Assert.Equal([1, 3], t.stride().Order());
        Assert.Equal([2, 3], t.reshape(6).unflatten(0, 2, -1).shape);
    }

    [Fact]
    public void Indexing_FollowsNumPy()
    {
        Tensor t = arange(24).view(2, 3, 4);
        Assert.Equal([12, 13, 14, 15], Longs(t[1, 0]));
        Assert.Equal(23, t[1, 2, 3].ToInt64());
        Assert.Equal(23, t[-1, -1, -1].ToInt64());
        Assert.Equal([2, 3], t[TensorIndex.Ellipsis, 0].shape);
        Assert.Equal([0, 4, 8, 12, 16, 20], Longs(t[TensorIndex.Ellipsis, 0]));
        Assert.Equal([2, 2, 4], t[.., 1..].shape);
        Assert.Equal([4, 5, 6, 7], Longs(t[0, TensorIndex.Slice(1, 2)]));
        Assert.Equal([0, 2], Longs(t[0, 0, TensorIndex.Slice(null, null, 2)]));
        Assert.Equal([2, 1, 3, 4], t[TensorIndex.Colon, TensorIndex.None].shape);
        Tensor picked = t[tensor(new long[] { 1, 0, 1 })];
        Assert.Equal([3, 3, 4], picked.shape);
        Assert.Equal(12, picked[0, 0, 0].ToInt64());
        Assert.Equal([20, 21, 22, 23], Longs(t[t > 19]));
        Assert.Equal([1, 5], Longs(t[0, tensor(new long[] { 0, 1 }), 1]));
        Assert.Equal([2, 3], t[TensorIndex.Ellipsis, TensorIndex.Tensor(tensor(new long[] { 0, 1, 2 })), 0].shape);
        t[0, 0] = tensor(new long[] { 9, 9, 9, 9 });
        Assert.Equal([9, 9, 9, 9], Longs(t[0, 0]));
        t[t > 10] = tensor(-1L);
        Assert.Equal(-1, t.min().ToInt64());
        Assert.Equal(10, t.max().ToInt64());
        t[TensorIndex.Ellipsis, 3] = tensor(7L);
        Assert.Equal([7, 7, 7, 7, 7, 7], Longs(t[TensorIndex.Ellipsis, 3]));
        t.index_put_(5L, TensorIndex.Slice(0, 1), TensorIndex.Single(0), TensorIndex.Single(0));
        Assert.Equal(5, t[0, 0, 0].ToInt64());
        Tensor counts = zeros(3).index_add_(0, tensor(new long[] { 0, 2, 2 }), ones(3), 1);
        Assert.Equal([1, 0, 2], Floats(counts));
        Assert.Equal([[0, 1], [1, 0]], tensor(new[,] { { false, true }, { true, false } }).nonzero().unbind(0).Select(r => r.data<long>().ToArray()));
        Assert.Equal([1, 4], Longs(tensor(new long[,] { { 1, 2 }, { 3, 4 } }).gather(1, tensor(new long[,] { { 0 }, { 1 } }))));
        Assert.Equal([0, 2], Longs(where(tensor(new[] { true, false, true }))[0]));
        Assert.Equal([1, 0, 1], Floats(where(tensor(new[] { true, false, true }), ones(3), zeros(3))));
        Assert.Equal([5, 1], Floats(ones(2).masked_fill(tensor(new[] { true, false }), 5)));
    }

    [Fact]
    public void Accessors_ReadAndWrite()
    {
        Tensor t = arange(6, ScalarType.Float32).view(2, 3);
        using (TensorAccessor<float> data = t.t().data<float>())
        {
            Assert.Equal(6, data.Count);
            Assert.Equal(3, data[0, 1]);
            Assert.Equal(3, data[1]);
            data[2, 1] = 9;
            Assert.Equal([0, 3, 1, 4, 2, 9], data.ToArray());
            Assert.Equal([0, 3, 1, 4, 2, 9], data);
            Assert.Throws<IndexOutOfRangeException>(() => { _ = data[3, 0]; });
        }

        Assert.Equal(9, t[1, 2].item<float>());
        Assert.Throws<ArgumentException>(() => t.data<double>());
        Assert.Throws<ArgumentException>(() => t.item<float>());
        Assert.Equal(24, t.bytes.Length);
        Assert.Equal(9f, (float)t[1, 2]);
        Assert.Equal(9, t[1, 2].ToInt32());
        t.data<float>().CopyFrom([1f, 2f, 3f]);
        Assert.Equal([1, 2, 3], Floats(t[0]));
    }

    [Fact]
    public void Conversion_ReturnsNewObjects()
    {
        Tensor t = tensor(new float[] { 1.7f, -1.7f });
        Assert.Equal([1, -1], Longs(t.to(ScalarType.Int64)));
        Assert.Equal(ScalarType.Float64, t.@double().dtype);
        Tensor alias = t.to(CPU);
        Assert.NotSame(t, alias);
        alias.fill_(1);
        Assert.Equal([1, 1], Floats(t));
        Assert.Equal([1, 1, 1], Floats(zeros(3).copy_(tensor(new long[] { 1, 1, 1 }))));
        Assert.Equal("cpu", t.device.ToString());
        Assert.True(t.device == CPU);
        Assert.False(cuda.is_available() && t.is_cuda);
        Assert.Throws<FormatException>(() => device("gpu"));
    }

    [Fact]
    public void Text_NamesShapeTypeAndDevice()
    {
        Assert.Equal("[2x3], type = Int64, device = cpu", arange(6).view(2, 3).ToString());
        Assert.Equal("[7], type = Int64, device = cpu, value = [0, 1, 2, …, 4, 5, 6]", arange(7).str());
        Assert.Equal("[], type = Float64, device = cpu, value = 2.5", tensor(2.5).str());
    }
}
