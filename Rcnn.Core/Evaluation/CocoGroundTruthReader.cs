using System.Text.Json;

namespace Rcnn.Core.Evaluation;

/// <summary>Reads the boxes of a COCO annotation file (<c>images</c>, <c>categories</c>, <c>annotations</c>).</summary>
internal static class CocoGroundTruthReader
{
    public static CocoGroundTruth Read(string file)
    {
        using JsonDocument document = JsonFile.Open(file);
        JsonElement root = document.RootElement;
        var images = new List<CocoImage>();
        foreach (JsonFile.Item e in JsonFile.List(root, file, "images"))
        {
            images.Add(new CocoImage(e.Integer("id"), e.Text("file_name", ""), (int)e.Integer("width", 0), (int)e.Integer("height", 0)));
        }

        var categories = new List<CocoCategory>();
        foreach (JsonFile.Item e in JsonFile.List(root, file, "categories"))
        {
            categories.Add(new CocoCategory(e.Int32("id"), e.Text("name", "")));
        }

        var objects = new List<CocoObject>();
        foreach (JsonFile.Item e in JsonFile.List(root, file, "annotations"))
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

            objects.Add(new CocoObject(e.Integer("id"), e.Integer("image_id"), e.Int32("category_id"), x, y, width, height, area, crowd == 1));
        }

        return new CocoGroundTruth(images, categories, objects, file);
    }
}
