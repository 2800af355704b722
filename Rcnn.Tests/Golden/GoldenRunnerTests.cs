using System.Text;
using Rcnn.Cli.Golden;
using Rcnn.Core;
using static TorchSharp.torch;

namespace Rcnn.Tests.Golden;

public sealed class GoldenRunnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rcnn-golden-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void Run_UnknownOp_IsSkippedWithItsName()
    {
        GoldenResult result = Run("""{"op":"levitate","outputs":{}}""");
        Assert.Equal(("skip", "op levitate is not implemented"), (result.Status, result.Reason));
    }

    [Theory]
    [InlineData("""{"outputs":{}}""", "op is missing")]
    [InlineData("""{"op":7,"outputs":{}}""", "op: text expected, got 7")]
    [InlineData("""{"op":"nms"}""", "outputs is missing")]
    [InlineData("""{"op":"nms","params":[],"outputs":{}}""", "params: object expected")]
    [InlineData("""{"op":"nms","outputs":{"a":{"dtype":"float32","shape":[1],"tolerance":{"kind":"exact"}}}}""", "outputs.a.file is missing")]
    [InlineData("""{"op":"nms","outputs":{"a":{"file":"../a.npy","dtype":"float32","shape":[1],"tolerance":{"kind":"exact"}}}}""", "outputs.a.file: '../a.npy'")]
    [InlineData("""{"op":"nms","outputs":{"a":{"file":"a.npy","dtype":"float32","shape":["x"],"tolerance":{"kind":"exact"}}}}""", "outputs.a.shape")]
    [InlineData("""{"op":"nms","outputs":{"a":{"file":"a.npy","dtype":"float32","shape":[1]}}}""", "outputs.a.tolerance is missing")]
    [InlineData("""{"op":"nms","outputs":{"a":{"file":"a.npy","dtype":"float32","shape":[1],"tolerance":{"kind":"near"}}}}""", "outputs.a.tolerance.kind: 'near'")]
    [InlineData("""{"op":"nms","outputs":{"a":{"file":"a.npy","dtype":"float32","shape":[1],"tolerance":{"kind":"allclose","atol":1}}}}""", "outputs.a.tolerance.rtol")]
    [InlineData("""{"op":""", "case.json")]
    public void Run_MalformedCase_FailsNamingFileAndField(string json, string field)
    {
        GoldenResult result = Run(json);
        Assert.Equal("FAIL", result.Status);
        Assert.Contains("case.json", result.Reason);
        Assert.Contains(field, result.Reason);
    }

    [Fact]
    public void Run_OutputThatNobodyComputes_Fails()
    {
        File.WriteAllText(Path.Combine(_folder, "gt.json"), """{"images":[{"id":1}],"categories":[{"id":1}],"annotations":[]}""");
        File.WriteAllText(Path.Combine(_folder, "dt.json"), "[]");
        GoldenResult result = Run("""
            {"op":"coco_eval_bbox","files":{"gt":"gt.json","detections":"dt.json"},
             "outputs":{"surprise":{"file":"a.npy","dtype":"float64","shape":[1],"tolerance":{"kind":"exact"}}}}
            """);
        Assert.Equal(("FAIL", "surprise: not computed"), (result.Status, result.Reason));
    }

    [Fact]
    public void Run_WrongNumber_FailsWithOutputIndexExpectedAndGot()
    {
        File.WriteAllText(Path.Combine(_folder, "gt.json"), """{"images":[{"id":1}],"categories":[{"id":1}],"annotations":[]}""");
        File.WriteAllText(Path.Combine(_folder, "dt.json"), "[]");
        var stats = new double[12];
        Array.Fill(stats, -1);
        stats[3] = 0.25;
        byte[] values = new byte[96];
        Buffer.BlockCopy(stats, 0, values, 0, 96);
        File.WriteAllBytes(Path.Combine(_folder, "stats.npy"), Npy("<f8", "12,", values));
        GoldenResult result = Run("""
            {"op":"coco_eval_bbox","files":{"gt":"gt.json","detections":"dt.json"},
             "outputs":{"stats":{"file":"stats.npy","dtype":"float64","shape":[12],"tolerance":{"kind":"exact"}}}}
            """);
        Assert.Equal(("FAIL", "stats: [3] expected 0.25, got -1 (1 of 12 differ)"), (result.Status, result.Reason));
        Assert.Contains("declared", Run("""
            {"op":"coco_eval_bbox","files":{"gt":"gt.json","detections":"dt.json"},
             "outputs":{"stats":{"file":"stats.npy","dtype":"float64","shape":[3,4],"tolerance":{"kind":"exact"}}}}
            """).Reason);
    }

    [Fact]
    public void Find_MissingOrEmptyFolder_IsAWrongCall()
    {
        Assert.Equal(2, Assert.Throws<RcnnException>(() => GoldenRunner.Find([Path.Combine(_folder, "none")])).ExitCode);
        Assert.Equal(2, Assert.Throws<RcnnException>(() => GoldenRunner.Find([_folder])).ExitCode);
        string inside = Directory.CreateDirectory(Path.Combine(_folder, "a", "b")).FullName;
        File.WriteAllText(Path.Combine(inside, "case.json"), "{}");
        Assert.Equal([Path.Combine(inside, "case.json")], GoldenRunner.Find([_folder, inside]));
    }

    [Theory]
    [InlineData("<f4", "2, 1", 8, "float32")]
    [InlineData("<f8", "", 8, "float64")]
    [InlineData("<i8", "0, 4", 0, "int64")]
    [InlineData("|u1", "3,", 3, "uint8")]
    [InlineData("|b1", "3,", 3, "bool")]
    [InlineData("<i4", "1,", 4, "int32")]
    public void Npy_EveryDtypeAndShape_IsRead(string descr, string shape, int bytes, string dtype)
    {
        NpyArray array = NpyArray.Parse(Npy(descr, shape, new byte[bytes]), "x.npy");
        Assert.Equal(dtype, array.DType);
        Assert.Equal(shape.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(long.Parse), array.Shape);
        Assert.Equal(array.Shape, array.ToTensor(CPU).shape);
        NpyArray back = NpyArray.FromTensor(array.ToTensor(CPU));
        Assert.Equal((array.DType, array.ShapeName), (back.DType, back.ShapeName));
    }

    [Fact]
    public void Npy_DamagedFiles_AreErrors()
    {
        byte[] whole = Npy("<f4", "2,", new byte[8]);
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.Throws<RcnnException>(() => NpyArray.Parse(whole[..length], "x.npy"));
        }

        Assert.Throws<RcnnException>(() => NpyArray.Parse([.. whole, 0], "x.npy"));
        Assert.Contains("'<c8'", Assert.Throws<RcnnException>(() => NpyArray.Parse(Npy("<c8", "2,", new byte[16]), "x.npy")).Message);
        Assert.Throws<RcnnException>(() => NpyArray.Parse(Npy("<f4", "99999999999, 99999999999", new byte[8]), "x.npy"));
    }

    private static byte[] Npy(string descr, string shape, byte[] values)
    {
        string header = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}";
        header = header.PadRight(((10 + header.Length + 64) / 64 * 64) - 11) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8), .. Encoding.ASCII.GetBytes(header), .. values];
    }

    private GoldenResult Run(string json)
    {
        string file = Path.Combine(_folder, "case.json");
        File.WriteAllText(file, json);
        return GoldenRunner.Run(file, CPU);
    }
}
