using System.Buffers.Binary;
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

        byte[] bytes = File.ReadAllBytes(Directory.GetFiles(folder.Path).Single());
        var records = new List<byte[]>();
        for (int at = 0; at < bytes.Length;)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));
            Assert.Equal(EventFile.MaskedCrc(bytes.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            Assert.Equal(EventFile.MaskedCrc(bytes.AsSpan(at + 12, length)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            records.Add(bytes[(at + 12)..(at + 12 + length)]);
            at += length + 16;
        }

        Assert.Equal(3, records.Count);
        // wall_time: field 1, 64 bits; step: field 2, varint; summary: field 5 { value: field 1 { tag: field 1, simple_value: field 2, 32 bits } }.
        byte[] summary = [0x2a, 13, 0x0a, 11, 0x0a, 4, (byte)'l', (byte)'o', (byte)'s', (byte)'s', 0x15, 0, 0, 0, 0x3f];
        Assert.Equal(0x09, records[2][0]);
        Assert.Equal([0x10, 4], records[2][9..11]);
        Assert.Equal(summary, records[2][11..]);
    }
}
