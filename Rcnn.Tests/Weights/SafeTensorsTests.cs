using System.Buffers.Binary;
using System.Text;
using Rcnn.Core;
using Rcnn.Core.Weights;
using static TorchSharp.torch;

namespace Rcnn.Tests.Weights;

public sealed class SafeTensorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rcnn-safetensors-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void WriteThenRead_KeepsOrderShapesValuesAndMetadata()
    {
        string file = Path.Combine(_folder, "a.safetensors");
        Tensor transposed = tensor(new float[] { 1, 2, 3, 4, 5, 6 }, [2, 3]).t();
        SafeTensors.Write(file, [new("z", transposed), new("scalar", tensor(7L)), new("none", zeros(0, 4))], new Dictionary<string, string> { ["step"] = "12" });
        IReadOnlyDictionary<string, Tensor> read = WeightFile.Read(file);
        Assert.Equal(["z", "scalar", "none"], read.Keys);
        Assert.Equal([3, 2], read["z"].shape);
        Assert.Equal([1, 4, 2, 5, 3, 6], read["z"].data<float>().ToArray());
        Assert.Equal(7, read["scalar"].item<long>());
        Assert.Equal([0, 4], read["none"].shape);
        Assert.Equal("12", SafeTensors.Metadata(file)["step"]);
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(File.ReadAllBytes(file)) % 8);
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Write_Refused_LeavesTheOldFileAlone()
    {
        string file = Path.Combine(_folder, "a.safetensors");
        SafeTensors.Write(file, [new("w", ones(2))]);
        byte[] before = File.ReadAllBytes(file);
        Assert.Throws<ArgumentException>(() => SafeTensors.Write(file, [new("w", ones(2)), new("w", ones(2))]));
        Assert.Throws<ArgumentException>(() => SafeTensors.Write(file, [new("__metadata__", ones(2))]));
        Assert.Equal(before, File.ReadAllBytes(file));
        Assert.Throws<RcnnException>(() => SafeTensors.Write(Path.Combine(_folder, "none", "a"), [new("w", ones(2))]));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"v":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "inside another")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "gap")]
    [InlineData("""{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "4 bytes of values described, 8 there")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "truncated")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "[0,4] for 8 bytes")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "[8,0]")]
    [InlineData("""{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "-2")]
    [InlineData("""{"w":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,8]}}""", 8, "too large")]
    [InlineData("""{"w":{"dtype":"F8","shape":[2],"data_offsets":[0,8]}}""", 8, "'F8'")]
    [InlineData("""{"w":{"shape":[2],"data_offsets":[0,8]}}""", 8, "dtype")]
    [InlineData("""{"w":7}""", 0, "dtype")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "occurs twice")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "header")]
    [InlineData("""{"w":{"dtype":"F32","shape":[[[[[[[[[[2]]]]]]]]]],"data_offsets":[0,8]}}""", 8, "header")]
    [InlineData("""[1]""", 0, "begin with")]
    [InlineData("""{"w":""", 0, "header")]
    public void Read_BadHeader_NamesWhatIsWrong(string header, int bytes, string expected)
    {
        string file = Save(header, Encoding.UTF8.GetByteCount(header), bytes);
        string message = Assert.Throws<RcnnException>(() => WeightFile.Read(file)).Message;
        Assert.StartsWith(file, message);
        Assert.Contains(expected, message);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 40)]
    [InlineData(100UL)]
    [InlineData(0UL)]
    public void Read_HeaderLengthThatLies_IsAnError(ulong length)
    {
        string file = Save("{}", length, 4);
        Assert.StartsWith(file, Assert.Throws<RcnnException>(() => WeightFile.Read(file)).Message);
    }

    private string Save(string header, long length, int bytes) => Save(header, (ulong)length, bytes);

    private string Save(string header, ulong length, int bytes)
    {
        string file = Path.Combine(_folder, "bad.safetensors");
        var content = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(content, length);
        File.WriteAllBytes(file, [.. content, .. Encoding.UTF8.GetBytes(header), .. new byte[bytes]]);
        return file;
    }
}
