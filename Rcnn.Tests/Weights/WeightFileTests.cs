using System.Text;
using System.Text.Json;
using Rcnn.Core;
using Rcnn.Core.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Weights;

public sealed class WeightFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rcnn-weights-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void Read_ZipContainer_GivesTheValues()
    {
        string file = Save(PickleBytes.Zip(PickleBytes.OneTensor("FloatStorage", 6, 0, [2, 3], [3, 1]), ("m/data/0", PickleBytes.Floats(1, 2, 3, 4, 5, 6))));
        Tensor w = Assert.Single(WeightFile.Read(file)).Value;
        Assert.Equal(ScalarType.Float32, w.dtype);
        Assert.Equal([2, 3], w.shape);
        Assert.Equal([1, 2, 3, 4, 5, 6], w.data<float>().ToArray());
    }

    [Fact]
    public void Read_LegacyContainer_GivesTheValues()
    {
        string file = Save(PickleBytes.Legacy(PickleBytes.OneTensor("FloatStorage", 6, 0, [2, 3], [3, 1]), ("0", 6, PickleBytes.Floats(1, 2, 3, 4, 5, 6))));
        Assert.Equal([1, 2, 3, 4, 5, 6], WeightFile.Read(file)["w"].data<float>().ToArray());
    }

    [Fact]
    public void Read_StridedViewsOfOneStorage_AreGatheredRowMajor()
    {
        var p = new PickleBytes();
        byte[] pickle = p.Op('}').Op('(')
            .Text("transposed").Tensor("FloatStorage", "0", 6, 0, [3, 2], [1, 3])
            .Text("column").Tensor("FloatStorage", "0", 6, 1, [2], [3])
            .Text("scalar").Tensor("FloatStorage", "0", 6, 5, [], [])
            .Text("empty").Tensor("FloatStorage", "0", 6, 0, [0, 4], [4, 1])
            .Op('u').End();
        byte[] values = PickleBytes.Floats(1, 2, 3, 4, 5, 6);
        foreach (byte[] bytes in new[] { PickleBytes.Zip(pickle, ("m/data/0", values)), PickleBytes.Legacy(pickle, ("0", 6, values)) })
        {
            IReadOnlyDictionary<string, Tensor> read = WeightFile.Read(Save(bytes));
            Assert.Equal([1, 4, 2, 5, 3, 6], read["transposed"].data<float>().ToArray());
            Assert.Equal([2, 5], read["column"].data<float>().ToArray());
            Assert.Equal(6, read["scalar"].item<float>());
            Assert.Empty(read["scalar"].shape);
            Assert.Equal([0, 4], read["empty"].shape);
        }
    }

    [Theory]
    [InlineData("DoubleStorage", ScalarType.Float64, 8)]
    [InlineData("HalfStorage", ScalarType.Float16, 2)]
    [InlineData("BFloat16Storage", ScalarType.BFloat16, 2)]
    [InlineData("LongStorage", ScalarType.Int64, 8)]
    [InlineData("IntStorage", ScalarType.Int32, 4)]
    [InlineData("ShortStorage", ScalarType.Int16, 2)]
    [InlineData("CharStorage", ScalarType.Int8, 1)]
    [InlineData("ByteStorage", ScalarType.Byte, 1)]
    [InlineData("BoolStorage", ScalarType.Bool, 1)]
    public void Read_EveryStorageType_KeepsDtypeAndBits(string storage, ScalarType type, int size)
    {
        byte[] values = [.. Enumerable.Range(0, 3 * size).Select(i => (byte)(i % 2))];
        Tensor w = WeightFile.Read(Save(PickleBytes.Zip(PickleBytes.OneTensor(storage, 3, 0, [3], [1]), ("m/data/0", values))))["w"];
        Assert.Equal(type, w.dtype);
        Assert.Equal(values, w.bytes.ToArray());
        string copy = Path.Combine(_folder, "copy.safetensors");
        SafeTensors.Write(copy, [new("w", w)]);
        Tensor again = WeightFile.Read(copy)["w"];
        Assert.Equal(type, again.dtype);
        Assert.Equal(values, again.bytes.ToArray());
    }

    [Fact]
    public void Read_Checkpoint_FindsTheModelAmongOptimizerAndNumbers()
    {
        var p = new PickleBytes();
        byte[] pickle = p.Op('}').Op('(')
            .Text("epoch").Number(3)
            .Text("optimizer").Op('}').Text("state").Op('}').Number(0).Tensor("FloatStorage", "1", 1, 0, [1], [1]).Op('s').Op('s')
            .Text("state_dict").Op('}').Text("module.w").Tensor("FloatStorage", "0", 2, 0, [2], [1]).Op('s')
            .Op('u').End();
        string file = Save(PickleBytes.Zip(pickle, ("m/data/0", PickleBytes.Floats(1, 2)), ("m/data/1", PickleBytes.Floats(9))));
        Assert.Equal(["w"], WeightFile.Read(file).Keys);
        Assert.Equal([1, 2], WeightFile.Read(file, "state_dict")["w"].data<float>().ToArray());
        Assert.Contains("state_dict", Assert.Throws<RcnnException>(() => WeightFile.Read(file, "weights")).Message);
    }

    [Fact]
    public void Read_TwoSectionsWithWeights_AsksForOne()
    {
        var p = new PickleBytes();
        byte[] pickle = p.Op('}').Op('(')
            .Text("student").Op('}').Text("w").Tensor("FloatStorage", "0", 1, 0, [1], [1]).Op('s')
            .Text("teacher").Op('}').Text("w").Tensor("FloatStorage", "0", 1, 0, [1], [1]).Op('s')
            .Op('u').End();
        string file = Save(PickleBytes.Zip(pickle, ("m/data/0", PickleBytes.Floats(1))));
        Assert.Contains("student, teacher", Assert.Throws<RcnnException>(() => WeightFile.Read(file)).Message);
        Assert.Single(WeightFile.Read(file, "teacher"));
    }

    [SkippableTheory]
    [InlineData("mobilenet_v2_tfquant")]
    [InlineData("squeezenet1_0_deepcompression")]
    public void Read_BothFormatsOfRealWeights_AreEqualToTheBit(string name)
    {
        IReadOnlyDictionary<string, Tensor> torchFile = WeightFile.Read(SharedData.Data($"weights/{name}.pth"));
        IReadOnlyDictionary<string, Tensor> safe = WeightFile.Read(SharedData.Data($"weights/{name}.safetensors"));
        Assert.Equal(safe.Keys.Order(), torchFile.Keys.Order());
        foreach ((string key, Tensor tensor) in torchFile)
        {
            Assert.Equal(tensor.shape, safe[key].shape);
            Assert.True(tensor.bytes.SequenceEqual(safe[key].bytes), key);
        }
    }

    [SkippableFact]
    public void Read_LegacyFileOfARealModel_EqualsTheNewOneUpToNames()
    {
        string folder = SharedData.Golden("models/maskrcnn_resnet_bottleneck_fpn");
        IReadOnlyDictionary<string, Tensor> old = WeightFile.Read(Path.Combine(folder, "model_legacy.pth")), current = WeightFile.Read(Path.Combine(folder, "model.pth"));
        var names = JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, string>>>(File.ReadAllText(Path.Combine(folder, "legacy_keys.json")))!["old_to_new"];
        Assert.True(old.Count > 50);
        foreach ((string key, Tensor tensor) in old)
        {
            Assert.True(tensor.bytes.SequenceEqual(current[names.GetValueOrDefault(key, key)].bytes), key);
        }
    }

    [SkippableFact]
    public void Read_EveryTruncationOfRealFiles_IsOneClearError()
    {
        foreach (string path in new[] { "models/maskrcnn_resnet_bottleneck_fpn/model.pth", "models/maskrcnn_resnet_bottleneck_fpn/model_legacy.pth" })
        {
            byte[] whole = File.ReadAllBytes(SharedData.Golden(path));
            for (int part = 0; part < 16; part++)
            {
                RequireError(whole[..(whole.Length * part / 16)]);
            }

            RequireError(whole[..^1]);
        }
    }

    [Fact]
    public void Read_EveryTruncationOfSmallFiles_IsOneClearError()
    {
        byte[] pickle = PickleBytes.OneTensor("FloatStorage", 2, 0, [2], [1]);
        string safe = Path.Combine(_folder, "whole.safetensors");
        SafeTensors.Write(safe, [new("w", tensor(new float[] { 1, 2 }))]);
        foreach (byte[] whole in new[] { PickleBytes.Zip(pickle, ("m/data/0", PickleBytes.Floats(1, 2))), PickleBytes.Legacy(pickle, ("0", 2, PickleBytes.Floats(1, 2))), File.ReadAllBytes(safe) })
        {
            for (int length = 0; length < whole.Length; length++)
            {
                RequireError(whole[..length]);
            }
        }
    }

    [Theory]
    [InlineData("os", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("__builtin__", "exec")]
    [InlineData("torch", "load")]
    [InlineData("torch._utils", "_rebuild_qtensor")]
    [InlineData("numpy.core.multiarray", "_reconstruct")]
    [InlineData("argparse", "Namespace")]
    public void Read_PickleWithAForeignName_IsRefusedByThatName(string module, string name)
    {
        byte[] pickle = new PickleBytes().Global(module, name).Tuple(() => { }).Op('R').End();
        foreach (byte[] bytes in new[] { PickleBytes.Zip(pickle), PickleBytes.Legacy(pickle) })
        {
            Assert.Contains($"pickle asks for {module}.{name}: refused", RequireError(bytes));
        }

        byte[] stackGlobal = new PickleBytes().Text(module).Text(name).Op(0x93).End();
        Assert.Contains($"pickle asks for {module}.{name}: refused", RequireError(PickleBytes.Zip(stackGlobal)));
    }

    public static TheoryData<string, byte[]> HostilePickles => new()
    {
        { "old-style instance", new PickleBytes().Op('(').Op(Encoding.ASCII.GetBytes("ios\nsystem\n")).End() },
        { "persistent id as text", new PickleBytes().Op(Encoding.ASCII.GetBytes("P0\n")).End() },
        { "new object", new PickleBytes().Global("collections", "OrderedDict").Op(')').Op(0x81).End() },
        { "extension", new PickleBytes().Op(0x82, 1).End() },
        { "call of a number", new PickleBytes().Number(1).Op(')').Op('R').End() },
        { "call with wrong arguments", new PickleBytes().Global("torch._utils", "_rebuild_tensor_v2").Op(')').Op('R').End() },
        { "attributes of a list", new PickleBytes().Op(']').Op('}').Op('b').End() },
        { "text longer than the file", new PickleBytes().Op((byte)'X', 0xff, 0xff, 0xff, 0x7f).End() },
        { "bytes of 2^63", new PickleBytes().Op(0x8e, 0, 0, 0, 0, 0, 0, 0, 0x80).End() },
        { "number of 2 GB", new PickleBytes().Op(0x8b, 0xff, 0xff, 0xff, 0x7f).End() },
        { "negative length", new PickleBytes().Op(0x8b, 0xff, 0xff, 0xff, 0xff).End() },
        { "empty memo", new PickleBytes().Op((byte)'h', 7).End() },
        { "pop of nothing", new PickleBytes().Op('0').End() },
        { "pop beyond a mark", new PickleBytes().Number(1).Op('(').Op('0').End() },
        { "no mark", new PickleBytes().Op('t').End() },
        { "odd number of items", new PickleBytes().Op('}').Op('(').Text("a").Op('u').End() },
        { "dict as a key", new PickleBytes().Op('}').Op('}').Number(1).Op('s').End() },
        { "bad UTF-8", new PickleBytes().Op((byte)'X', 2, 0, 0, 0, 0xff, 0xfe).End() },
        { "protocol 9", new PickleBytes().Op(0x80, 9).End() },
        { "a number at the root", new PickleBytes().Number(1).End() },
        { "no tensors", new PickleBytes().Op('}').End() },
        { "list of itself", new PickleBytes().Op('}').Text("a").Op(']').Op((byte)'q', 0).Op((byte)'h', 0).Op('a').Op('s').End() },
        { "beyond the storage", PickleBytes.OneTensor("FloatStorage", 2, 1, [2], [1]) },
        { "a stride beyond the storage", PickleBytes.OneTensor("FloatStorage", 2, 0, [2, 1], [2, 1]) },
        { "a terabyte out of one value", PickleBytes.OneTensor("FloatStorage", 2, 0, [1000000, 1000000], [0, 0]) },
        { "overflowing shape", PickleBytes.OneTensor("FloatStorage", 2, 0, [int.MaxValue, int.MaxValue, int.MaxValue], [0, 0, 0]) },
        { "negative side", PickleBytes.OneTensor("FloatStorage", 2, 0, [-1], [1]) },
        { "negative offset", PickleBytes.OneTensor("FloatStorage", 2, -1, [1], [1]) },
        { "storage larger than its entry", PickleBytes.OneTensor("FloatStorage", 2000000000, 0, [1999999999], [1]) },
    };

    [Theory]
    [MemberData(nameof(HostilePickles))]
    public void Read_HostilePickle_IsOneClearError(string what, byte[] pickle)
    {
        Assert.NotEmpty(what);
        RequireError(PickleBytes.Zip(pickle, ("m/data/0", PickleBytes.Floats(1, 2))));
        RequireError(PickleBytes.Legacy(pickle, ("0", 2, PickleBytes.Floats(1, 2))));
    }

    [Fact]
    public void Read_DictsNestedAThousandDeep_EndsWithAnError()
    {
        var p = new PickleBytes();
        for (int i = 0; i < 1000; i++)
        {
            p.Op('}').Text("a");
        }

        p.Number(1);
        for (int i = 0; i < 1000; i++)
        {
            p.Op('s');
        }

        RequireError(PickleBytes.Zip(p.End()));
    }

    [Fact]
    public void Read_SharedDictsThatMultiply_EndsAtOnce()
    {
        // Each level holds the one below twice: 2^60 paths, 60 dicts.
        var p = new PickleBytes().Op('}').Op((byte)'q', 0);
        for (byte i = 1; i <= 60; i++)
        {
            p.Op('}').Op((byte)'q', i).Op('(').Text("a").Op((byte)'h', (byte)(i - 1)).Text("b").Op((byte)'h', (byte)(i - 1)).Op('u').Op((byte)'q', i).Op('0').Op((byte)'h', i);
            p.Op((byte)'q', i).Op('0');
        }

        Assert.Contains("no tensors", RequireError(PickleBytes.Zip(p.Op('0').Op((byte)'h', 60).End())));
    }

    [Fact]
    public void Read_ListCopiedOverAndOver_IsRefused()
    {
        var p = new PickleBytes().Op(']').Op((byte)'q', 0).Op('(');
        for (int i = 0; i < 1000; i++)
        {
            p.Op(']');
        }

        p.Op('e').Op('0').Global("builtins", "list").Op((byte)'q', 1).Op('0').Op(']').Op('(');
        for (int i = 0; i < 1000; i++)
        {
            p.Op((byte)'h', 1).Op((byte)'h', 0).Op(0x85).Op('R');
        }

        Assert.Contains("refused", RequireError(PickleBytes.Zip(p.Op('e').End())));
    }

    [Fact]
    public void Read_ZipOddities_AreErrors()
    {
        byte[] pickle = PickleBytes.OneTensor("FloatStorage", 2, 0, [2], [1]);
        Assert.Contains("m/data/0 is missing", RequireError(PickleBytes.Zip(pickle)));
        Assert.Contains("8 bytes expected, 4 there", RequireError(PickleBytes.Zip(pickle, ("m/data/0", PickleBytes.Floats(1)))));
        Assert.Contains("2", RequireError(PickleBytes.Zip(pickle, ("n/data.pkl", pickle))));
        Assert.Contains("TorchScript", RequireError(PickleBytes.Zip(pickle, ("m/code/x.py", []))));
        Assert.Contains("little", RequireError(PickleBytes.Zip(pickle, ("m/byteorder", "big"u8.ToArray()))));
        byte[] outside = new PickleBytes().Op('}').Text("w").Tensor("FloatStorage", "../../etc/passwd", 2, 0, [2], [1]).Op('s').End();
        Assert.Contains("missing", RequireError(PickleBytes.Zip(outside)));
    }

    [Fact]
    public void Read_MissingFileOrForeignContent_NamesTheFile()
    {
        Assert.Contains("no such file", Assert.Throws<RcnnException>(() => WeightFile.Read(Path.Combine(_folder, "none.pth"))).Message);
        RequireError("hello, this is text"u8.ToArray());
        RequireError(new byte[64]);
    }

    [Fact]
    public void LoadInto_FittingWeights_CopiesAndConvertsTheDtype()
    {
        using var layer = nn.Linear(2, 1);
        var weights = new Dictionary<string, Tensor> { ["weight"] = tensor(new double[] { 3, 4 }, [1, 2]), ["bias"] = tensor(new float[] { 5 }) };
        LoadReport report = WeightFile.LoadInto(layer, weights);
        Assert.Equal(2, report.Loaded.Count);
        Assert.Equal([3, 4], layer.state_dict()["weight"].data<float>().ToArray());
        Assert.Equal([5], layer.state_dict()["bias"].data<float>().ToArray());
    }

    [Fact]
    public void LoadInto_NamesThatDoNotFit_ListsThemAndChangesNothing()
    {
        using var layer = nn.Linear(2, 1);
        float[] before = layer.state_dict()["weight"].data<float>().ToArray();
        var weights = new Dictionary<string, Tensor> { ["weight"] = tensor(new float[] { 3, 4 }, [1, 2]), ["biass"] = tensor(new float[] { 5 }) };
        string message = Assert.Throws<RcnnException>(() => WeightFile.LoadInto(layer, weights, true, "file.pth")).Message;
        Assert.StartsWith("file.pth: ", message);
        Assert.Contains("1 missing: bias", message);
        Assert.Contains("biass (near bias)", message);
        Assert.Equal(before, layer.state_dict()["weight"].data<float>().ToArray());
        LoadReport report = WeightFile.LoadInto(layer, weights, strict: false);
        Assert.Equal(["weight"], report.Loaded);
        Assert.Equal(["bias"], report.Missing);
        Assert.Equal(["biass"], report.Unexpected);
        weights["weight"] = tensor(new float[] { 3, 4 });
        Assert.Contains("weight [1,2] expected, got [2]", Assert.Throws<RcnnException>(() => WeightFile.LoadInto(layer, weights, strict: false)).Message);
    }

    private string RequireError(byte[] bytes)
    {
        string file = Save(bytes);
        string message = Assert.Throws<RcnnException>(() => WeightFile.Read(file)).Message;
        Assert.DoesNotContain("\n", message);
        return message;
    }

    private string Save(byte[] bytes)
    {
        string file = Path.Combine(_folder, "weights.bin");
        File.WriteAllBytes(file, bytes);
        return file;
    }
}
