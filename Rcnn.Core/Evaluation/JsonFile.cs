using System.Text;
using System.Text.Json;

namespace Rcnn.Core.Evaluation;

/// <summary>JSON files read field by field, with errors that name file, element, field and value.</summary>
internal static class JsonFile
{
    /// <summary>Reads and parses the whole file; a UTF-8 byte order mark is skipped.</summary>
    public static JsonDocument Open(string file)
    {
        byte[] bytes = ReadBytes(file, out int start);
        try
        {
            return JsonDocument.Parse(bytes.AsMemory(start));
        }
        catch (JsonException e)
        {
            throw Invalid(file, bytes, start, e);
        }
    }

    /// <summary>
    /// Calls <paramref name="take"/> for each object of the top-level list <paramref name="name"/>, one after another, without a document of the whole file; the list must be there.
    /// The element is valid during the call.
    /// </summary>
    public static void Each(string file, byte[] bytes, int start, string name, Action<Item> take)
    {
        var reader = new Utf8JsonReader(bytes.AsSpan(start));
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new RcnnException($"{file}: an object with '{name}' expected, got {Near(bytes, start + (int)reader.TokenStartIndex)}");
            }

            bool found = false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool wanted = reader.ValueTextEquals(name);
                reader.Read();
                if (!wanted || reader.TokenType != JsonTokenType.StartArray)
                {
                    reader.Skip();
                    continue;
                }

                found = true;
                for (int index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
                {
                    using JsonDocument element = JsonDocument.ParseValue(ref reader);
                    if (element.RootElement.ValueKind != JsonValueKind.Object)
                    {
                        throw new RcnnException($"{file}: {name}[{index}]: an object expected, got {Short(element.RootElement)}");
                    }

                    take(new Item(element.RootElement, file, $"{name}[{index}]"));
                }
            }

            if (!found)
            {
                throw new RcnnException($"{file}: the list '{name}' is missing");
            }

            if (reader.Read())
            {
                throw new RcnnException($"{file}: something follows the object");
            }
        }
        catch (JsonException e)
        {
            throw Invalid(file, bytes, start, e);
        }
    }

    public static byte[] ReadBytes(string file, out int start)
    {
        try
        {
            byte[] bytes = File.ReadAllBytes(file);
            start = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? 3 : 0;
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RcnnException(e is FileNotFoundException or DirectoryNotFoundException ? $"{file}: no such file" : $"{file}: {e.Message}", 1, e);
        }
    }

    private static RcnnException Invalid(string file, byte[] bytes, int start, JsonException e)
    {
        long position = Math.Max(0, e.BytePositionInLine ?? 0);
        int lineStart = start;
        for (long line = e.LineNumber ?? 0; line > 0; line--)
        {
            int next = Array.IndexOf(bytes, (byte)'\n', lineStart);
            lineStart = next < 0 ? bytes.Length : next + 1;
        }

        string near = Near(bytes, (int)Math.Min(bytes.Length, lineStart + position));
        return new RcnnException($"{file}: line {(e.LineNumber ?? 0) + 1}, byte {position + 1}: {near} is not valid JSON here", 1, e);
    }

    /// <summary>The text at a position, for a message: <c>'NaN'</c>, or <c>the end of the file</c>.</summary>
    public static string Near(byte[] bytes, int position)
    {
        int end = position;
        while (end < bytes.Length && end < position + 24 && bytes[end] > 32 && (end == position || bytes[end] is not ((byte)',' or (byte)'}' or (byte)']')))
        {
            end++;
        }

        return position >= bytes.Length ? "the end of the file" : "'" + Encoding.UTF8.GetString(bytes, position, Math.Max(1, end - position)) + "'";
    }

    /// <summary>The objects of the list <paramref name="name"/>; the list must be there.</summary>
    public static IEnumerable<Item> List(JsonElement root, string file, string name)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new RcnnException($"{file}: an object with '{name}' expected, got a JSON {root.ValueKind.ToString().ToLowerInvariant()}");
        }

        if (!root.TryGetProperty(name, out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            throw new RcnnException($"{file}: the list '{name}' is missing");
        }

        int index = 0;
        foreach (JsonElement e in list.EnumerateArray())
        {
            if (e.ValueKind != JsonValueKind.Object)
            {
                throw new RcnnException($"{file}: {name}[{index}]: an object expected, got {Short(e)}");
            }

            yield return new Item(e, file, $"{name}[{index}]");
            index++;
        }
    }

    private static string Short(JsonElement e)
    {
        string raw = e.GetRawText();
        return raw.Length <= 60 ? raw : raw[..57] + "...";
    }

    /// <summary>One JSON object and where it stands.</summary>
    public readonly record struct Item(JsonElement Element, string File, string Path)
    {
        public RcnnException Error(string field, string wanted) => new(Element.TryGetProperty(field, out JsonElement value)
            ? $"{File}: {Path}.{field}: {wanted}, got {Short(value)}"
            : $"{File}: {Path}.{field} is missing");

        /// <summary>A whole number, also written as 3.0.</summary>
        public long Integer(string field)
        {
            if (Element.TryGetProperty(field, out JsonElement e) && e.ValueKind == JsonValueKind.Number)
            {
                if (e.TryGetInt64(out long value))
                {
                    return value;
                }

                if (e.TryGetDouble(out double real) && real == Math.Floor(real) && Math.Abs(real) < 9e15)
                {
                    return (long)real;
                }
            }

            throw Error(field, "a whole number expected");
        }

        public long Integer(string field, long otherwise) => Has(field) ? Integer(field) : otherwise;

        public int Int32(string field)
        {
            long value = Integer(field);
            return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw Error(field, "a 32-bit number expected");
        }

        /// <summary>A finite number.</summary>
        public double Number(string field) =>
            Element.TryGetProperty(field, out JsonElement e) && e.ValueKind == JsonValueKind.Number && double.IsFinite(e.GetDouble())
                ? e.GetDouble()
                : throw Error(field, "a finite number expected");

        public double Number(string field, double otherwise) => Has(field) ? Number(field) : otherwise;

        public string Text(string field) => Element.TryGetProperty(field, out JsonElement e) && e.ValueKind == JsonValueKind.String
            ? e.GetString()! : throw Error(field, "text expected");

        public string Text(string field, string otherwise) => Has(field) ? Text(field) : otherwise;

        /// <summary>[x, y, width, height], all finite, no side negative.</summary>
        public (double X, double Y, double Width, double Height) Box(string field)
        {
            if (Element.TryGetProperty(field, out JsonElement e) && e.ValueKind == JsonValueKind.Array && e.GetArrayLength() == 4)
            {
                Span<double> v = stackalloc double[4];
                int n = 0;
                foreach (JsonElement part in e.EnumerateArray())
                {
                    v[n++] = part.ValueKind == JsonValueKind.Number ? part.GetDouble() : double.NaN;
                }

                if (double.IsFinite(v[0] + v[1] + v[2] + v[3]))
                {
                    return v[2] < 0 || v[3] < 0 ? throw Error(field, "width and height of at least 0 expected") : (v[0], v[1], v[2], v[3]);
                }
            }

            throw Error(field, "four finite numbers [x, y, width, height] expected");
        }

        public bool Has(string field) => Element.TryGetProperty(field, out JsonElement e) && e.ValueKind != JsonValueKind.Null;
    }
}
