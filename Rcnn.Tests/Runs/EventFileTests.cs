using System.Buffers.Binary;
using Rcnn.Core.Data;
using Rcnn.Core.Runs;
using Rcnn.Tests.Training;

namespace Rcnn.Tests.Runs;

public sealed class EventFileTests
{
    [Fact]
    public void MaskedCrc_OfTheStandardVector()
    {
        // CRC-32C("123456789") is 0xe3069283 (RFC 3720's polynomial, the usual check value); masking as TFRecord defines it.
        const uint crc = 0xe3069283;
        Assert.Equal(((crc >> 15) | (crc << 17)) + 0xa282ead8u, EventFile.MaskedCrc("123456789"u8));
    }

    [Fact]
    public void File_IsRecordsOfEvents()
    {
        using var folder = new TemporaryFolder();
        using (var events = new EventFile(folder.Path, 3))
        {
            events.Append(4, [new("loss", 0.5)]);
        }

        List<byte[]> records = Records(folder.Path);
        Assert.Equal(3, records.Count);
        // wall_time: field 1, 64 bits; step: field 2, varint; summary: field 5 { value: field 1 { tag: field 1, simple_value: field 2, 32 bits } }.
        byte[] summary = [0x2a, 13, 0x0a, 11, 0x0a, 4, (byte)'l', (byte)'o', (byte)'s', (byte)'s', 0x15, 0, 0, 0, 0x3f];
        Assert.Equal(0x09, records[2][0]);
        Assert.Equal([0x10, 4], records[2][9..11]);
        Assert.Equal(summary, records[2][11..]);
    }

    [Fact]
    public void Images_AreThereAsPng()
    {
        using var folder = new TemporaryFolder();
        var image = new RgbImage(2, 3, [.. Enumerable.Range(0, 18).Select(i => (byte)(10 * i))]);
        using (var events = new EventFile(folder.Path, 0))
        {
            events.AppendImages(7, [("a", image)]);
        }

        byte[] record = Records(folder.Path)[2], png = ImageFile.Encode(image, ".png");
        // image: field 4 { height: 1, width: 2, colour channels: 3, encoded: 4 }.
        byte[] start = [0x0a, 1, (byte)'a', 0x22, (byte)(png.Length + 8), 0x08, 2, 0x10, 3, 0x18, 3, 0x22, (byte)png.Length];
        Assert.InRange(png.Length, 1, 119);
        Assert.Equal([.. start, .. png], record[^(start.Length + png.Length)..]);
    }

    [Fact]
    public void ResumedSession_StartsAfterTheStepThatTheCheckpointHolds()
    {
        using var folder = new TemporaryFolder();
        for (int session = 0; session < 2; session++)
        {
            using var problem = new ToyProblem(ToyProblem.Baseline());
            problem.Train(folder.File("run"), resume: true);
        }

        // TensorBoard drops steps >= that of the session start, which is field 2 of the second record.
        string[] files = [.. Directory.GetFiles(folder.File("run"), "events.*").Order(StringComparer.Ordinal)];
        byte[] starts = [.. files.Select(f => RecordsOf(f)[1][10])];
        Assert.Equal([1, 25], starts);
    }

    private static List<byte[]> Records(string folder) => RecordsOf(Directory.GetFiles(folder).Single());

    private static List<byte[]> RecordsOf(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        var records = new List<byte[]>();
        for (int at = 0; at < bytes.Length;)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));
            Assert.Equal(EventFile.MaskedCrc(bytes.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            Assert.Equal(EventFile.MaskedCrc(bytes.AsSpan(at + 12, length)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            records.Add(bytes[(at + 12)..(at + 12 + length)]);
            at += length + 16;
        }

        return records;
    }
}
