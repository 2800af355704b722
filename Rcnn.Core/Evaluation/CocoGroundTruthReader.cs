using Rcnn.Core.Data;
using Rcnn.Ops;

namespace Rcnn.Core.Evaluation;

/// <summary>Reads the boxes, and masks if asked for, of a COCO annotation file (<c>images</c>, <c>categories</c>, <c>annotations</c>).</summary>
internal static class CocoGroundTruthReader
{
    public static CocoGroundTruth Read(string file, bool masks)
    {
        byte[] bytes = JsonFile.ReadBytes(file, out int start);
        var images = new List<CocoImage>();
        JsonFile.Each(file, bytes, start, "images", e =>
            images.Add(new CocoImage(e.Integer("id"), e.Text("file_name", ""), (int)e.Integer("width", 0), (int)e.Integer("height", 0))));

        var categories = new List<CocoCategory>();
        JsonFile.Each(file, bytes, start, "categories", e => categories.Add(new CocoCategory(e.Int32("id"), e.Text("name", ""))));

        Dictionary<long, CocoImage> sizes = masks ? images.DistinctBy(i => i.Id).ToDictionary(i => i.Id) : [];
        var objects = new List<CocoObject>();
        JsonFile.Each(file, bytes, start, "annotations", e =>
        {
            (double x, double y, double width, double height) = e.Box("bbox");
            double area = e.Number("area", width * height);
            if (area < 0)
            {
                throw e.Error("area", "at least 0 expected");
            }

            long crowd = e.Integer("iscrowd", 0);
            if (crowd is not (0 or 1))
            {
                throw e.Error("iscrowd", "0 or 1 expected");
            }

            objects.Add(new CocoObject(e.Integer("id"), e.Integer("image_id"), e.Int32("category_id"), x, y, width, height, area, crowd == 1,
                masks ? Mask(e, sizes) : null));
        });

        return new CocoGroundTruth(images, categories, objects, file);
    }

    private static Rle Mask(JsonFile.Item e, Dictionary<long, CocoImage> sizes)
    {
        if (!e.Has("segmentation"))
        {
            throw e.Error("segmentation", "polygons or run lengths expected");
        }

        if (!sizes.TryGetValue(e.Integer("image_id"), out CocoImage? image) || image.Width <= 0 || image.Height <= 0)
        {
            throw e.Error("image_id", "an image with width and height expected, as masks need them");
        }

        try
        {
            return CocoSegmentation.Parse(e.Element.GetProperty("segmentation"), image.Height, image.Width).ToRle(image.Height, image.Width);
        }
        catch (FormatException x)
        {
            throw new RcnnException($"{e.File}: {e.Path}.segmentation: {x.Message}", 1, x);
        }
    }
}
