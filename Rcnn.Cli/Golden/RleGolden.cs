using System.Text.Json;
using Rcnn.Core;
using Rcnn.Core.Evaluation;
using Rcnn.Ops;

namespace Rcnn.Cli.Golden;

/// <summary>Masks to run lengths and back; the compressed counts to the byte.</summary>
internal sealed class RleGolden : IGoldenCase
{
    public string Op => "rle";

    public void Run(GoldenContext c)
    {
        (int height, int width) = Size(c);
        NpyArray masks = c.Input("masks");
        int count = (int)masks.Shape[0], pixels = height * width;
        byte[] bytes = [.. masks.ToLongs().Select(v => (byte)v)];
        string[] expected = Strings(c, "counts");
        Rle[] encoded = [.. Enumerable.Range(0, count).Select(i => Rle.Encode(bytes.AsSpan(i * pixels, pixels), height, width))];
        Same("counts", expected, encoded);
        Rle[] parsed = [.. expected.Select(code => Rle.Parse(height, width, code))];
        c.Check("area", [.. parsed.Select(r => r.Area)], count);
        c.Check("bbox_xywh", [.. parsed.SelectMany(Box)], count, 4);
        c.Check("decoded", [.. parsed.SelectMany(r => r.Decode().Pixels.ToArray())], count, height, width);
    }

    public static (int Height, int Width) Size(GoldenContext c)
    {
        long[] size = c.Integers("size");
        return (checked((int)size[0]), checked((int)size[1]));
    }

    public static string[] Strings(GoldenContext c, string name) => [.. c.Param(name).EnumerateArray().Select(e => e.GetString()!)];

    public static double[] Box(Rle mask)
    {
        (uint x, uint y, uint width, uint height) = mask.Box();
        return [x, y, width, height];
    }

    /// <exception cref="RcnnException">A code differs: names the first.</exception>
    public static void Same(string name, IReadOnlyList<string> expected, IReadOnlyList<Rle> actual)
    {
        if (expected.Count != actual.Count)
        {
            throw new RcnnException($"{name}: {expected.Count} expected, got {actual.Count}");
        }

        for (int i = 0; i < expected.Count; i++)
        {
            string code = actual[i].ToString();
            if (code != expected[i])
            {
                int at = code.AsSpan().CommonPrefixLength(expected[i]);
                throw new RcnnException($"{name}[{i}]: differs from character {at}: '{Part(expected[i], at)}' expected, got '{Part(code, at)}'");
            }
        }
    }

    private static string Part(string code, int at) => code.Substring(at, Math.Min(24, code.Length - at));
}

/// <summary>Intersection over union of masks and of boxes, with crowds.</summary>
internal sealed class RleIouGolden : IGoldenCase
{
    public string Op => "rle_iou";

    public void Run(GoldenContext c)
    {
        (int height, int width) = RleGolden.Size(c);
        Rle[] detections = [.. RleGolden.Strings(c, "dt_counts").Select(s => Rle.Parse(height, width, s))];
        Rle[] truth = [.. RleGolden.Strings(c, "gt_counts").Select(s => Rle.Parse(height, width, s))];
        bool[] crowd = [.. c.Input("iscrowd").ToLongs().Select(v => v != 0)];
        c.Check("mask_iou", Rle.Iou(detections, truth, crowd), detections.Length, truth.Length);
        if (c.HasOutput("bbox_iou"))
        {
            double[] d = c.Input("bbox_dt").ToDoubles(), g = c.Input("bbox_gt").ToDoubles();
            bool[] crowds = [.. c.Input("bbox_iscrowd").ToLongs().Select(v => v != 0)];
            var iou = new double[d.Length / 4 * (g.Length / 4)];
            for (int i = 0; i < iou.Length; i++)
            {
                (int row, int column) = Math.DivRem(i, g.Length / 4);
                iou[i] = CocoOverlap.OfBoxes(d.AsSpan(4 * row, 4), g.AsSpan(4 * column, 4), crowds[column]);
            }

            c.Check("bbox_iou", iou, d.Length / 4, g.Length / 4);
        }
    }
}

/// <summary>Union and intersection; polygons, boxes and plain counts to run lengths.</summary>
internal sealed class RleMergeGolden : IGoldenCase
{
    public string Op => "rle_merge_frpyobjects";

    public void Run(GoldenContext c)
    {
        (int height, int width) = RleGolden.Size(c);
        Rle[] masks = [.. RleGolden.Strings(c, "mask_counts").Select(s => Rle.Parse(height, width, s))];
        JsonElement[] merges = [.. c.Param("merge").EnumerateArray()];
        RleGolden.Same("merge", [.. merges.Select(m => m.GetProperty("counts").GetString()!)], [.. merges.Select(m => Merge(m, masks))]);

        // The COCO API takes four values for a box wherever they stand.
        Rle[] polygons = [.. Lists(c, "polygons").Select(p => p.Length == 4 ? Rle.FromBox(p[0], p[1], p[2], p[3], height, width) : Rle.FromPolygon(p, height, width))];
        RleGolden.Same("polygon_counts", RleGolden.Strings(c, "polygon_counts"), polygons);
        Same("polygon_area", Numbers(c, "polygon_area"), [.. polygons.Select(p => (double)p.Area)]);
        Same("polygon_bbox", [.. Lists(c, "polygon_bbox").SelectMany(b => b)], [.. polygons.SelectMany(RleGolden.Box)]);
        c.Check("polygon_masks", [.. polygons.SelectMany(p => p.Decode().Pixels.ToArray())], polygons.Length, height, width);

        Rle[] boxes = [.. Lists(c, "boxes_xywh").Select(b => Rle.FromBox(b[0], b[1], b[2], b[3], height, width))];
        RleGolden.Same("box_counts", RleGolden.Strings(c, "box_counts"), boxes);
        Rle[] plain = [.. Lists(c, "uncompressed").Select(u => Rle.FromCounts(height, width, [.. u.Select(v => (long)v)]))];
        RleGolden.Same("uncompressed_counts", RleGolden.Strings(c, "uncompressed_counts"), plain);
    }

    private static Rle Merge(JsonElement merge, Rle[] masks)
    {
        Rle[] inputs = [.. merge.GetProperty("inputs").EnumerateArray().Select(i => masks[i.GetInt32()])];
        return merge.GetProperty("intersect").GetInt32() != 0 ? Rle.Intersection(inputs) : Rle.Union(inputs);
    }

    private static double[] Numbers(GoldenContext c, string name) => c.HasParam(name) ? c.Numbers(name) : [];

    private static double[][] Lists(GoldenContext c, string name) =>
        c.HasParam(name) ? [.. c.Param(name).EnumerateArray().Select(l => l.EnumerateArray().Select(v => v.GetDouble()).ToArray())] : [];

    private static void Same(string name, double[] expected, double[] actual)
    {
        if (!expected.AsSpan().SequenceEqual(actual))
        {
            throw new RcnnException($"{name}: {string.Join(", ", expected)} expected, got {string.Join(", ", actual)}");
        }
    }
}
