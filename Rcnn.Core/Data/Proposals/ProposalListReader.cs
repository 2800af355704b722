using System.Globalization;
using System.Text.Json;
using Rcnn.Core.Evaluation;

namespace Rcnn.Core.Data.Proposals;

/// <summary>
/// Reads proposals of other programs. JSON: COCO's list of results, <c>[{"image_id":7,"bbox":[x,y,width,height],"score":0.9}]</c>, where <c>image_id</c> is the image's id or, as text, its file name; the score
/// may be left out and a category is ignored. CSV: lines <c>file,x1,y1,x2,y2</c> or <c>file,x1,y1,x2,y2,score</c>; a first line of names and lines that start with # are skipped. Pixels of the image as stored,
/// half-open.
/// </summary>
public static class ProposalListReader
{
    /// <summary>Whether a file is such a list and not a <see cref="ProposalCache"/>: it ends in .json or .csv, or begins with a bracket.</summary>
    public static bool Recognises(string file)
    {
        var first = new byte[8];
        int length = 0;
        if (File.Exists(file))
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            length = stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false);
        }

        return !first.AsSpan().SequenceEqual("RCNNPROP"u8) && (Path.GetExtension(file).ToLowerInvariant() is ".json" or ".csv" || (length > 0 && first[0] == (byte)'['));
    }

    /// <exception cref="RcnnException">No such file, or an entry that is none; names file, entry, field and value.</exception>
    public static ProposalList Read(string file)
    {
        byte[] bytes = JsonFile.ReadBytes(file, out int start);
        List<ListedProposal> entries = Path.GetExtension(file).ToLowerInvariant() == ".csv" ? Lines(file, bytes, start) : Elements(file, bytes, start);
        if (entries.Count == 0)
        {
            throw new RcnnException($"{file}: no proposals in it");
        }

        ListedProposal odd = entries.Find(e => e.Score.HasValue != entries[0].Score.HasValue);
        return odd.Place is null
            ? new ProposalList(file, entries)
            : throw new RcnnException($"{file}: {odd.Place}: a score expected for all proposals or for none, got {(odd.Score is null ? "none" : "one")} here, unlike {entries[0].Place}");
    }

    private static List<ListedProposal> Elements(string file, byte[] bytes, int start)
    {
        var entries = new List<ListedProposal>();
        var reader = new Utf8JsonReader(bytes.AsSpan(start));
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                throw new RcnnException($"{file}: a list of proposals expected, got {JsonFile.Near(bytes, start + (int)reader.TokenStartIndex)}");
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                string place = string.Create(CultureInfo.InvariantCulture, $"[{entries.Count}]");
                using JsonDocument element = JsonDocument.ParseValue(ref reader);
                entries.Add(element.RootElement.ValueKind == JsonValueKind.Object
                    ? Element(new JsonFile.Item(element.RootElement, file, place))
                    : throw new RcnnException($"{file}: {place}: an object expected, got a JSON {element.RootElement.ValueKind.ToString().ToLowerInvariant()}"));
            }

            return reader.Read() ? throw new RcnnException($"{file}: something follows the list of proposals") : entries;
        }
        catch (JsonException e)
        {
            throw new RcnnException($"{file}: line {(e.LineNumber ?? 0) + 1}: [{entries.Count}]: no valid JSON", inner: e);
        }
    }

    private static ListedProposal Element(JsonFile.Item item)
    {
        bool named = item.Element.TryGetProperty("image_id", out JsonElement id) && id.ValueKind == JsonValueKind.String;
        (double x, double y, double width, double height) = item.Box("bbox");
        return width > 0 && height > 0
            ? new ListedProposal(
                named ? null : item.Integer("image_id"), named ? id.GetString() : null, new Box(x, y, x + width, y + height), item.Has("score") ? item.Number("score") : null, item.Path)
            : throw item.Error("bbox", "a box with area expected");
    }

    private static List<ListedProposal> Lines(string file, byte[] bytes, int start)
    {
        var entries = new List<ListedProposal>();
        using var reader = new StreamReader(new MemoryStream(bytes, start, bytes.Length - start));
        for (int number = 1; reader.ReadLine() is { } line; number++)
        {
            string[] fields = line.Split(',', StringSplitOptions.TrimEntries);
            if (line.Trim().Length == 0 || line.StartsWith('#') || (number == 1 && fields.Length > 1 && fields[1].Equals("x1", StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            string place = string.Create(CultureInfo.InvariantCulture, $"line {number}");
            if (fields.Length is not (5 or 6) || fields[0].Length == 0)
            {
                throw new RcnnException($"{file}: {place}: file,x1,y1,x2,y2 or file,x1,y1,x2,y2,score expected, got '{line}'");
            }

            double[] values = [.. fields.Skip(1).Select((field, i) =>
                double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
                    ? value
                    : throw new RcnnException($"{file}: {place}: {Columns[i]}: a finite number expected, got '{field}'"))];
            entries.Add(values[2] > values[0] && values[3] > values[1]
                ? new ListedProposal(null, fields[0], new Box(values[0], values[1], values[2], values[3]), values.Length > 4 ? values[4] : null, place)
                : throw new RcnnException($"{file}: {place}: a box with area expected, x1 < x2 and y1 < y2, got {string.Join(",", fields[1..5])}"));
        }

        return entries;
    }

    private static readonly string[] Columns = ["x1", "y1", "x2", "y2", "score"];
}
