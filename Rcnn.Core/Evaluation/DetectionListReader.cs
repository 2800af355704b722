using System.Buffers;
using System.Text.Json;
using Rcnn.Core.Data;
using Rcnn.Ops;

namespace Rcnn.Core.Evaluation;

/// <summary>
/// Streams a COCO result list without building a document: half a million rows take a fraction of a second. Masks stay where they are, as slices of the file's bytes;
/// those with escapes, which are most, are shortened in place.
/// </summary>
internal static class DetectionListReader
{
    [Flags]
    private enum Fields
    {
        None = 0,
        Image = 1,
        Category = 2,
        Box = 4,
        Score = 8,
        Mask = 16,
    }

    /// <param name="file">For messages.</param>
    /// <param name="bytes">The whole file.</param>
    /// <param name="start">First byte behind a byte order mark.</param>
    /// <param name="masks">What to do with <c>segmentation</c>. Skipped, it is read only where a row has no <c>bbox</c>, which is then the box around it.</param>
    /// <exception cref="RcnnException">Names file, element, field and value.</exception>
    public static List<DetectionRow> Read(string file, byte[] bytes, int start, DetectionMasks masks)
    {
        var rows = new List<DetectionRow>();
        var reader = new Utf8JsonReader(bytes.AsSpan(start));
        string field = "";
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                throw new RcnnException($"{file}: a list of detections expected, got {JsonFile.Near(bytes, start + (int)reader.TokenStartIndex)}");
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.StartObject)
                {
                    throw new RcnnException($"{file}: [{rows.Count}]: an object expected, got {JsonFile.Near(bytes, start + (int)reader.TokenStartIndex)}");
                }

                field = "";
                long first = reader.TokenStartIndex;
                rows.Add(Row(ref reader, bytes.AsMemory(start), masks, ref field));
                field = "";
                if (rows.Count == 1)
                {
                    // Rows are alike: room for all of them at once, instead of copies that grow.
                    rows.EnsureCapacity((int)Math.Min((bytes.Length - start) / (reader.BytesConsumed - first), 1 << 22));
                }
            }

            if (reader.Read())
            {
                throw new RcnnException($"{file}: something follows the list of detections");
            }

            return rows;
        }
        catch (FieldException e)
        {
            throw new RcnnException(e.Complete
                ? $"{file}: [{rows.Count}].{e.Field}: {e.Message}"
                : e.Found
                ? $"{file}: [{rows.Count}].{e.Field}: {e.Message}, got {JsonFile.Near(bytes, start + (int)reader.TokenStartIndex)}"
                : $"{file}: [{rows.Count}].{e.Field} is missing");
        }
        catch (JsonException e)
        {
            // Also where numbers such as NaN and Infinity stand, which JSON does not have.
            int at = start + (int)reader.BytesConsumed;
            while (at < bytes.Length && bytes[at] is <= 32 or (byte)',' or (byte)':')
            {
                at++;
            }

            string place = field.Length == 0 ? $"[{rows.Count}]" : $"[{rows.Count}].{field}";
            throw new RcnnException($"{file}: line {(e.LineNumber ?? 0) + 1}: {place}: {JsonFile.Near(bytes, at)} is not valid JSON here", 1, e);
        }
    }

    private static DetectionRow Row(ref Utf8JsonReader reader, Memory<byte> bytes, DetectionMasks masks, ref string field)
    {
        long image = 0;
        long category = 0;
        double score = 0;
        Span<double> box = stackalloc double[4];
        Utf8JsonReader skipped = default;
        Rle? mask = null;
        Fields seen = Fields.None;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("image_id"u8))
            {
                field = "image_id";
                image = Whole(ref reader, field);
                seen |= Fields.Image;
            }
            else if (reader.ValueTextEquals("category_id"u8))
            {
                field = "category_id";
                category = Whole(ref reader, field);
                if (category is < int.MinValue or > int.MaxValue)
                {
                    throw new FieldException(field, "a 32-bit number expected");
                }

                seen |= Fields.Category;
            }
            else if (reader.ValueTextEquals("score"u8))
            {
                field = "score";
                score = Real(ref reader, field);
                seen |= Fields.Score;
            }
            else if (reader.ValueTextEquals("bbox"u8))
            {
                field = "bbox";
                Box(ref reader, box);
                seen |= Fields.Box;
            }
            else if (reader.ValueTextEquals("segmentation"u8))
            {
                field = "segmentation";
                seen |= Fields.Mask;
                if (masks == DetectionMasks.Skip)
                {
                    skipped = reader;
                    reader.Skip();
                }
                else
                {
                    mask = Mask(ref reader, bytes);
                }
            }
            else
            {
                field = reader.GetString()!;
                reader.Skip();
            }
        }

        Require(seen, Fields.Image, "image_id");
        Require(seen, Fields.Category, "category_id");
        Require(seen, Fields.Score, "score");
        if (masks == DetectionMasks.Require)
        {
            Require(seen, Fields.Mask, "segmentation");
        }

        if ((seen & Fields.Box) == 0 && (seen & Fields.Mask) != 0)
        {
            mask ??= Mask(ref skipped, bytes);
            (uint x, uint y, uint width, uint height) = mask.Box();
            return new DetectionRow(image, (int)category, x, y, width, height, score, masks == DetectionMasks.Skip ? null : mask);
        }

        Require(seen, Fields.Box, "bbox");
        return new DetectionRow(image, (int)category, box[0], box[1], box[2], box[3], score, mask);
    }

    private static void Require(Fields seen, Fields one, string name)
    {
        if ((seen & one) == 0)
        {
            throw new FieldException(name, "", false);
        }
    }

    private static long Whole(ref Utf8JsonReader reader, string field)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number)
        {
            if (reader.TryGetInt64(out long value))
            {
                return value;
            }

            double real = reader.GetDouble();
            if (real == Math.Floor(real) && Math.Abs(real) < 9e15)
            {
                return (long)real;
            }
        }

        throw new FieldException(field, "a whole number expected");
    }

    private static double Real(ref Utf8JsonReader reader, string field)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out double value) && double.IsFinite(value)
            ? value : throw new FieldException(field, "a finite number expected");
    }

    private static void Box(ref Utf8JsonReader reader, scoped Span<double> box)
    {
        const string Wanted = "four finite numbers [x, y, width, height] expected";
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new FieldException("bbox", Wanted);
        }

        for (int i = 0; i < 4; i++)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out box[i]) || !double.IsFinite(box[i]))
            {
                throw new FieldException("bbox", Wanted);
            }

            if (i >= 2 && box[i] < 0)
            {
                throw new FieldException("bbox", i == 2 ? "a width of at least 0 expected" : "a height of at least 0 expected");
            }
        }

        reader.Read();
        if (reader.TokenType != JsonTokenType.EndArray)
        {
            throw new FieldException("bbox", Wanted);
        }
    }

    // The reader stands on the field's name, and in the end on the object's last brace.
    private static Rle Mask(ref Utf8JsonReader reader, Memory<byte> bytes)
    {
        const string Wanted = "an object with size [height, width] and counts expected";
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new FieldException("segmentation", Wanted, complete: true);
        }

        long height = -1, width = -1;
        ReadOnlyMemory<byte>? code = null;
        List<long>? counts = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("size"u8))
            {
                reader.Read();
                bool list = reader.TokenType == JsonTokenType.StartArray;
                (height, width) = list ? (Whole(ref reader, "segmentation.size"), Whole(ref reader, "segmentation.size")) : throw new FieldException("segmentation", Wanted, complete: true);
                reader.Read();
            }
            else if (reader.ValueTextEquals("counts"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.String)
                {
                    Memory<byte> text = bytes.Slice((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
                    code = reader.ValueIsEscaped ? Unescape(in reader, text) : text;
                    continue;
                }

                if (reader.TokenType != JsonTokenType.StartArray)
                {
                    throw new FieldException("segmentation", Wanted, complete: true);
                }

                counts = [];
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    counts.Add(reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long run)
                        ? run : throw new FieldException("segmentation.counts", "whole numbers expected", complete: true));
                }
            }
            else
            {
                reader.Skip();
            }
        }

        if (height is < 0 or > int.MaxValue || width is < 0 or > int.MaxValue || (code is null && counts is null))
        {
            throw new FieldException("segmentation", Wanted, complete: true);
        }

        try
        {
            return code is { } text ? Rle.FromCode((int)height, (int)width, text) : Rle.FromCounts((int)height, (int)width, [.. counts!]);
        }
        catch (ArgumentException e)
        {
            throw new FieldException("segmentation", CocoSegmentation.Reason(e), complete: true);
        }
    }

    private static ReadOnlyMemory<byte> Unescape(in Utf8JsonReader reader, Memory<byte> text)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(text.Length);
        int length = reader.CopyString(buffer);
        buffer.AsSpan(0, length).CopyTo(text.Span);
        ArrayPool<byte>.Shared.Return(buffer);
        return text[..length];
    }

    private sealed class FieldException(string field, string message, bool found = true, bool complete = false) : Exception(message)
    {
        /// <summary>The message says what was found; the reader may stand elsewhere.</summary>
        public bool Complete { get; } = complete;

        public string Field { get; } = field;

        public bool Found { get; } = found;
    }
}
