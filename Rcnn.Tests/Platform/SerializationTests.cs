using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Rcnn.Tests.Platform;

public sealed class SerializationTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose()
    {
        _scope.Dispose();
        File.Delete(_path);
    }

    public static TheoryData<ScalarType> Types => [ScalarType.Byte, ScalarType.Int64, ScalarType.Float32, ScalarType.Float64, ScalarType.Bool, ScalarType.Float16];

    [Theory]
    [MemberData(nameof(Types))]
    public void SaveAndLoad_RoundTrip(ScalarType type)
    {
        Tensor t = arange(300, ScalarType.Float32).to_type(type).view(3, 100).t();
        save(t, _path);
        Tensor back = load(_path);
        Assert.Equal(type, back.dtype);
        Assert.Equal([100, 3], back.shape);
        Assert.True(t.Equals(back));
    }

    [Fact]
    public void Stream_HoldsSeveralTensorsAndScalarsAndEmptyOnes()
    {
        using var stream = new MemoryStream();
        tensor(2.5).Save(stream);
        zeros([0, 4]).Save(stream);
        arange(3).Save(stream);
        stream.Position = 0;
        Assert.Equal(2.5, Tensor.Load(stream).ToDouble());
        Assert.Equal([0, 4], Tensor.Load(stream).shape);
        Assert.Equal(3, Tensor.Load(stream).sum().ToInt64());
    }

    [Fact]
    public void Format_IsTypeRankLengthsData()
    {
        using var stream = new MemoryStream();
        zeros([2, 130], ScalarType.Byte).Save(stream);
        Assert.Equal([0, 2, 2, 0x82, 0x01], stream.ToArray()[..5]);
        Assert.Equal(5 + 260, stream.Length);
    }

    [Fact]
    public void Load_TruncatedOrMismatched_IsAnException()
    {
        save(arange(10), _path);
        byte[] bytes = File.ReadAllBytes(_path);
        File.WriteAllBytes(_path, bytes[..^1]);
        Assert.Throws<EndOfStreamException>(() => load(_path));
        using var reader = new BinaryReader(new MemoryStream(bytes));
        Assert.Throws<ArgumentException>(() => zeros(10).Load(reader));
    }
}
