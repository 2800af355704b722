using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using static TorchSharp.torch;

namespace Rcnn.Core.Weights;

/// <summary>
/// The safetensors format: uint64 header length, a JSON header (name → dtype, shape, data_offsets; <c>__metadata__</c>), then the values,
/// little-endian and row-major, without gaps or overlaps.
/// </summary>
public static class SafeTensors
{
    private const long MaxHeaderBytes = 100_000_000;

    private static readonly Dictionary<string, ScalarType> Types = new()
    {
        ["F64"] = ScalarType.Float64,
        ["F32"] = ScalarType.Float32,
        ["F16"] = ScalarType.Float16,
        ["BF16"] = ScalarType.BFloat16,
        ["I64"] = ScalarType.Int64,
        ["I32"] = ScalarType.Int32,
        ["I16"] = ScalarType.Int16,
        ["I8"] = ScalarType.Int8,
        ["U8"] = ScalarType.Byte,
        ["BOOL"] = ScalarType.Bool,
    };

    /// <summary>Writes tensors of any device in the order given; the file appears under its name only when it is complete and on disk.</summary>
    /// <param name="path">Replaced when it exists.</param>
    /// <param name="tensors">Name → tensor; non-contiguous ones are written row-major.</param>
    /// <param name="metadata">Texts for the header's <c>__metadata__</c>.</param>
    /// <exception cref="RcnnException">The file cannot be written.</exception>
    /// <exception cref="ArgumentException">A name occurs twice or is <c>__metadata__</c>, or a dtype the format does not have.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        List<KeyValuePair<string, Tensor>> list = [.. tensors];
        byte[] header = Header(list, metadata);
        string partial = path + ".partial";
        try
        {
            using (var stream = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                Span<byte> length = stackalloc byte[8];
                BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
                stream.Write(length);
                stream.Write(header);
                foreach ((string _, Tensor tensor) in list)
                {
                    if (tensor.numel() > 0)
                    {
                        using Tensor plain = tensor.detach().cpu().contiguous();
                        stream.Write(plain.bytes);
                    }
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch (Exception e)
        {
            if (File.Exists(partial))
            {
                File.Delete(partial);
            }

            if (e is IOException or UnauthorizedAccessException)
            {
                throw new RcnnException($"{path}: {e.Message}", 1, e);
            }

            throw;
        }
    }

    /// <summary>The texts of <c>__metadata__</c>; empty where there are none.</summary>
    /// <exception cref="RcnnException">As <see cref="WeightFile.Read"/>.</exception>
    public static IReadOnlyDictionary<string, string> Metadata(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return ReadHeader(stream, path).Metadata;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RcnnException($"{path}: {e.Message}", 1, e);
        }
    }

    internal static Dictionary<string, Tensor> Read(FileStream stream, string path)
    {
        (List<Entry> entries, _, long start) = ReadHeader(stream, path);
        var result = new Dictionary<string, Tensor>(entries.Count, StringComparer.Ordinal);
        try
        {
            foreach (Entry e in entries)
            {
                if (e.End - e.Begin > int.MaxValue)
                {
                    throw new RcnnException($"{path}: {e.Name}: {e.End - e.Begin} bytes: at most 2 GB are supported");
                }

                var values = new byte[e.End - e.Begin];
                stream.Position = start + e.Begin;
                stream.ReadExactly(values);
                result.Add(e.Name, Create(values, e.Type, e.Shape));
            }

            return result;
        }
        catch
        {
            foreach (Tensor tensor in result.Values)
            {
                tensor.Dispose();
            }

            throw;
        }
    }

    /// <summary>A CPU tensor that owns a copy of <paramref name="values"/>.</summary>
    internal static Tensor Create(byte[] values, ScalarType type, long[] shape)
    {
        Tensor result = empty(shape, dtype: type);
        if (values.Length > 0)
        {
            result.bytes = values;
        }

        return result;
    }

    private static byte[] Header(List<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata)
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
            long at = 0;
            foreach ((string name, Tensor tensor) in tensors)
            {
                string type = Types.FirstOrDefault(t => t.Value == tensor.dtype).Key ?? throw new ArgumentException($"{name}: safetensors has no {tensor.dtype}", nameof(tensors));
                if (!names.Add(name))
                {
                    throw new ArgumentException($"the name '{name}' is reserved or occurs twice", nameof(tensors));
                }

                json.WriteStartObject(name);
                json.WriteString("dtype", type);
                json.WriteStartArray("shape");
                foreach (long side in tensor.shape)
                {
                    json.WriteNumberValue(side);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(at);
                at += tensor.numel() * PickleBuilders.Size(tensor.dtype);
                json.WriteNumberValue(at);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Spaces, so that the values begin at a multiple of 8.
        while (buffer.Length % 8 != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        return buffer.ToArray();
    }

    private static (List<Entry> Entries, Dictionary<string, string> Metadata, long Start) ReadHeader(FileStream stream, string path)
    {
        Span<byte> lengthBytes = stackalloc byte[8];
        if (stream.ReadAtLeast(lengthBytes, 8, throwOnEndOfStream: false) < 8)
        {
            throw new RcnnException($"{path}: neither a file of torch.save nor safetensors ({stream.Length} bytes)");
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (length > MaxHeaderBytes || length > (ulong)(stream.Length - 8))
        {
            throw new RcnnException($"{path}: neither a file of torch.save nor intact safetensors: a header of {length} bytes announced, {stream.Length - 8} bytes follow");
        }

        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        if (length == 0 || bytes[0] != (byte)'{')
        {
            throw new RcnnException($"{path}: neither a file of torch.save nor safetensors (the header does not begin with '{{')");
        }

        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 8 });
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            var entries = new List<Entry>();
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (!names.Add(property.Name))
                {
                    throw new RcnnException($"{path}: {property.Name} occurs twice");
                }

                if (property.Name == "__metadata__")
                {
                    foreach (JsonProperty text in property.Value.EnumerateObject())
                    {
                        metadata[text.Name] = text.Value.GetString() ?? "";
                    }
                }
                else
                {
                    entries.Add(EntryOf(property, path));
                }
            }

            CheckLayout(entries, stream.Length - 8 - (long)length, path);
            return (entries, metadata, 8 + (long)length);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or DecoderFallbackException)
        {
            throw new RcnnException($"{path}: safetensors header: {e.Message}", 1, e);
        }
    }

    private static Entry EntryOf(JsonProperty property, string path)
    {
        JsonElement e = property.Value;
        string name = property.Name;
        if (e.ValueKind != JsonValueKind.Object || !e.TryGetProperty("dtype", out JsonElement dtype) || dtype.ValueKind != JsonValueKind.String
            || !e.TryGetProperty("shape", out JsonElement shape) || shape.ValueKind != JsonValueKind.Array
            || !e.TryGetProperty("data_offsets", out JsonElement offsets) || offsets.ValueKind != JsonValueKind.Array || offsets.GetArrayLength() != 2)
        {
            throw new RcnnException($"{path}: {name}: dtype, shape and two data_offsets expected");
        }

        if (!Types.TryGetValue(dtype.GetString()!, out ScalarType type))
        {
            throw new RcnnException($"{path}: {name}.dtype: '{dtype.GetString()}' is not supported ({string.Join(", ", Types.Keys)})");
        }

        long[] sides = [.. shape.EnumerateArray().Select(s => Whole(s, path, name, "shape"))];
        long begin = Whole(offsets[0], path, name, "data_offsets"), end = Whole(offsets[1], path, name, "data_offsets");
        long size;
        try
        {
            size = sides.Aggregate((long)PickleBuilders.Size(type), (product, side) => checked(product * side));
        }
        catch (OverflowException)
        {
            throw new RcnnException($"{path}: {name}.shape: [{string.Join(",", sides)}] is too large");
        }

        return end >= begin && end - begin == size
            ? new Entry(name, type, sides, begin, end)
            : throw new RcnnException($"{path}: {name}.data_offsets: [{begin},{end}] for {size} bytes of {dtype.GetString()} [{string.Join(",", sides)}]");
    }

    private static long Whole(JsonElement e, string path, string name, string field) =>
        e.ValueKind == JsonValueKind.Number && e.TryGetInt64(out long value) && value >= 0
            ? value : throw new RcnnException($"{path}: {name}.{field}: whole numbers ≥ 0 expected, got {e.GetRawText()}");

    /// <summary>The entries cover the values exactly once.</summary>
    private static void CheckLayout(List<Entry> entries, long bytes, string path)
    {
        long at = 0;
        foreach (Entry e in entries.OrderBy(e => e.Begin).ThenBy(e => e.End))
        {
            if (e.Begin != at)
            {
                throw new RcnnException($"{path}: {e.Name}.data_offsets: begins at {e.Begin}, {(e.Begin < at ? "inside another tensor" : "behind a gap")}; {at} expected");
            }

            at = e.End;
        }

        if (at != bytes)
        {
            throw new RcnnException($"{path}: {at} bytes of values described, {bytes} there: truncated or damaged");
        }
    }

    private sealed record Entry(string Name, ScalarType Type, long[] Shape, long Begin, long End);
}
