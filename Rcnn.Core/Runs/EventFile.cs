using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Rcnn.Core.Data;

namespace Rcnn.Core.Runs;

/// <summary>
/// Scalars and images for TensorBoard: a TFRecord file of Event messages (tensorflow/core/util/event.proto). Each session of a run writes its own file and opens
/// it with a session start at its step, at which TensorBoard drops what an earlier session wrote beyond.
/// </summary>
public sealed class EventFile : IDisposable
{
    private readonly FileStream _stream;

    /// <param name="folder">The run folder.</param>
    /// <param name="step">Step at which this session starts.</param>
    public EventFile(string folder, int step)
    {
        long milliseconds = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        string name = $"events.out.tfevents.{milliseconds / 1000:D10}.{milliseconds % 1000:D3}.{Environment.ProcessId}";
        _stream = new FileStream(Path.Combine(folder, name), FileMode.Create, FileAccess.Write, FileShare.Read);
        Write(0, message => message.Text(3, "brain.Event:2"));
        Write(step, message => message.Message(7, session => session.Integer(1, 1)));
    }

    /// <summary>Appends one event with all values.</summary>
    public void Append(int step, IEnumerable<KeyValuePair<string, double>> values) =>
        Write(step, message => message.Message(5, summary =>
        {
            foreach ((string name, double number) in values)
            {
                summary.Message(1, value =>
                {
                    value.Text(1, name);
                    value.Single(2, (float)number);
                });
            }
        }));

    /// <summary>Appends one event with all images, as PNG.</summary>
    public void AppendImages(int step, IEnumerable<(string Name, RgbImage Image)> images) =>
        Write(step, message => message.Message(5, summary =>
        {
            foreach ((string name, RgbImage image) in images)
            {
                summary.Message(1, value =>
                {
                    value.Text(1, name);
                    value.Message(4, picture =>
                    {
                        picture.Integer(1, image.Height);
                        picture.Integer(2, image.Width);
                        picture.Integer(3, 3);
                        picture.Bytes(4, ImageFile.Encode(image, ".png"));
                    });
                });
            }
        }));

    public void Dispose() => _stream.Dispose();

    /// <summary>CRC-32C (Castagnoli), rotated and offset as TFRecord wants it.</summary>
    internal static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8;
    }

    private void Write(int step, Action<ProtoWriter> fill)
    {
        var message = new ProtoWriter();
        message.Double(1, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0);
        message.Integer(2, step);
        fill(message);
        byte[] data = message.ToArray();
        var record = new byte[data.Length + 16];
        BinaryPrimitives.WriteInt64LittleEndian(record, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedCrc(record.AsSpan(0, 8)));
        data.CopyTo(record, 12);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + data.Length), MaskedCrc(data));
        try
        {
            _stream.Write(record);
            _stream.Flush();
        }
        catch (IOException e)
        {
            throw new RcnnException($"{_stream.Name}: not written: {e.Message}", inner: e);
        }
    }

    /// <summary>The few wire types of protocol buffers that an event needs.</summary>
    private sealed class ProtoWriter
    {
        private readonly MemoryStream _bytes = new();

        public void Integer(int field, long value)
        {
            Varint((ulong)field << 3);
            Varint((ulong)value);
        }

        public void Double(int field, double value)
        {
            Varint(((ulong)field << 3) | 1);
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
            _bytes.Write(bytes);
        }

        public void Single(int field, float value)
        {
            Varint(((ulong)field << 3) | 5);
            Span<byte> bytes = stackalloc byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
            _bytes.Write(bytes);
        }

        public void Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

        public void Message(int field, Action<ProtoWriter> fill)
        {
            var inner = new ProtoWriter();
            fill(inner);
            Bytes(field, inner.ToArray());
        }

        public byte[] ToArray() => _bytes.ToArray();

        public void Bytes(int field, byte[] content)
        {
            Varint(((ulong)field << 3) | 2);
            Varint((ulong)content.Length);
            _bytes.Write(content);
        }

        private void Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                _bytes.WriteByte((byte)(value | 0x80));
            }

            _bytes.WriteByte((byte)value);
        }
    }
}
