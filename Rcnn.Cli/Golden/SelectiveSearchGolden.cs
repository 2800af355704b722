using System.Text.Json;
using Rcnn.Ops;

namespace Rcnn.Cli.Golden;

/// <summary>Label maps of Felzenszwalb and Huttenlocher's segmentation, compared as partitions.</summary>
internal sealed class GraphSegmentationGolden : IGoldenCase
{
    public string Op => "graph_segmentation";

    public void Run(GoldenContext c)
    {
        NpyArray image = c.Input("image_bgr");
        byte[] pixels = [.. image.ToLongs().Select(v => (byte)v)];
        (int height, int width, int channels) = ((int)image.Shape[0], (int)image.Shape[1], image.Shape.Length == 3 ? (int)image.Shape[2] : 1);
        foreach (JsonElement set in c.Param("sets").EnumerateArray())
        {
            RegionMap map = GraphSegmentation.Segment(
                pixels, height, width, channels, set.GetProperty("sigma").GetDouble(), set.GetProperty("k").GetDouble(), set.GetProperty("min_size").GetInt32());
            c.Check(set.GetProperty("out").GetString()!, [.. map.Labels.ToArray().Select(l => (long)l)], height, width);
        }
    }
}

/// <summary>Boxes of Selective Search against those of OpenCV: recall and mean best overlap with the objects of a photo.</summary>
internal sealed class SelectiveSearchGolden : IGoldenCase
{
    public string Op => "selective_search";

    public void Run(GoldenContext c)
    {
        NpyArray image = c.Input("image_bgr"), objects = c.Input("gt_boxes");
        byte[] rgb = [.. image.ToLongs().Select(v => (byte)v)];
        for (int i = 0; i < rgb.Length; i += 3)
        {
            (rgb[i], rgb[i + 2]) = (rgb[i + 2], rgb[i]);
        }

        foreach ((string mode, SelectiveSearchOptions options) in
            new[] { ("single", SelectiveSearchOptions.Single), ("fast", SelectiveSearchOptions.Fast), ("quality", SelectiveSearchOptions.Quality) })
        {
            if (!c.HasOutput("boxes_" + mode) && !c.HasOutput("best_iou_" + mode))
            {
                continue;
            }

            float[] boxes = SelectiveSearch.Boxes(rgb, (int)image.Shape[0], (int)image.Shape[1], options);
            if (c.HasOutput("boxes_" + mode))
            {
                c.Check("boxes_" + mode, boxes, boxes.Length / 4, 4);
            }

            if (c.HasOutput("best_iou_" + mode))
            {
                c.Check("best_iou_" + mode, Best(boxes, objects.ToDoubles()), objects.Shape[0]);
            }
        }
    }

    private static float[] Best(float[] boxes, double[] objects) =>
        [.. objects.Chunk(4).Select(o => (float)boxes.Chunk(4).Select(b => Overlap(b, o)).DefaultIfEmpty(0).Max())];

    private static double Overlap(float[] a, double[] b)
    {
        double w = Math.Min(a[2], b[2]) - Math.Max(a[0], b[0]), h = Math.Min(a[3], b[3]) - Math.Max(a[1], b[1]), both = w > 0 && h > 0 ? w * h : 0;
        return both / (((a[2] - a[0]) * (a[3] - a[1])) + ((b[2] - b[0]) * (b[3] - b[1])) - both);
    }
}
