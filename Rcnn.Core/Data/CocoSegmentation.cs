using System.Text;
using System.Text.Json;
using Rcnn.Ops;

namespace Rcnn.Core.Data;

/// <summary>
/// COCO's field <c>segmentation</c>: a list of polygons [[x,y,x,y,…],…], or an object with <c>size</c> [height, width] and <c>counts</c>, which is a list of run lengths or their compressed text.
/// </summary>
internal static class CocoSegmentation
{
    /// <param name="value">The field.</param>
    /// <param name="height">Of the image; polygons take it, run lengths must have it.</param>
    /// <param name="width">Of the image.</param>
    /// <exception cref="FormatException">Another form, or values that describe no mask; the message tells which.</exception>
    public static Segmentation Parse(JsonElement value, int height, int width)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.Array => new PolygonMask(height, width, [.. value.EnumerateArray().Select(Polygon)]),
                JsonValueKind.Object => Sized(Runs(value), height, width),
                _ => throw new FormatException($"polygons or run lengths expected, got {Short(value)}"),
            };
        }
        catch (ArgumentException e)
        {
            throw new FormatException(Reason(e), e);
        }
    }

    /// <summary>Run lengths alone, of the size they say.</summary>
    /// <exception cref="FormatException">Another form, or values that describe no mask.</exception>
    public static Rle ParseRuns(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.Object ? Runs(value) : throw new FormatException($"run lengths expected, got {Short(value)}");
        }
        catch (ArgumentException e)
        {
            throw new FormatException(Reason(e), e);
        }
    }

    /// <summary>The message of <paramref name="e"/> without the name of the parameter.</summary>
    public static string Reason(ArgumentException e) => e.ParamName is null ? e.Message : e.Message.Replace($" (Parameter '{e.ParamName}')", "", StringComparison.Ordinal);

    private static double[] Polygon(JsonElement part)
    {
        if (part.ValueKind != JsonValueKind.Array)
        {
            throw new FormatException($"a polygon [x,y,x,y,…] expected, got {Short(part)}");
        }

        return [.. part.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.Number ? v.GetDouble() : throw new FormatException($"a number expected in a polygon, got {Short(v)}"))];
    }

    private static Rle Runs(JsonElement value)
    {
        if (!value.TryGetProperty("size", out JsonElement size) || size.ValueKind != JsonValueKind.Array || size.GetArrayLength() != 2
            || size[0].ValueKind != JsonValueKind.Number || !size[0].TryGetInt32(out int height)
            || size[1].ValueKind != JsonValueKind.Number || !size[1].TryGetInt32(out int width))
        {
            throw new FormatException("size [height, width] expected");
        }

        if (!value.TryGetProperty("counts", out JsonElement counts))
        {
            throw new FormatException("counts is missing");
        }

        return counts.ValueKind switch
        {
            JsonValueKind.String => Rle.FromCode(height, width, Encoding.UTF8.GetBytes(counts.GetString()!)),
            JsonValueKind.Array => Rle.FromCounts(height, width, [.. counts.EnumerateArray().Select(Run)]),
            _ => throw new FormatException($"counts: a list of run lengths or text expected, got {Short(counts)}"),
        };
    }

    private static long Run(JsonElement run) => run.ValueKind == JsonValueKind.Number && run.TryGetInt64(out long length)
        ? length : throw new FormatException($"counts: a whole number expected, got {Short(run)}");

    private static Rle Sized(Rle mask, int height, int width) => mask.Height == height && mask.Width == width
        ? mask : throw new FormatException($"size: [{height}, {width}] of the image expected, got [{mask.Height}, {mask.Width}]");

    private static string Short(JsonElement e)
    {
        string raw = e.GetRawText();
        return raw.Length <= 40 ? raw : raw[..37] + "...";
    }
}
