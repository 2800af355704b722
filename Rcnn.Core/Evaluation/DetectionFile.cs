using System.Globalization;
using System.Text.Json;

namespace Rcnn.Core.Evaluation;

/// <summary>
/// Detection files in COCO's result format: <c>[{"image_id", "category_id", "bbox": [x,y,width,height], "score"}, …]</c>. Some tools write a whole
/// COCO object instead, with <c>images</c> and <c>categories</c> of its own; its ids mean nothing to the ground truth, so images are then matched by
/// <c>file_name</c> and categories by <c>name</c>.
/// </summary>
public static class DetectionFile
{
    /// <summary>Reads a plain result list.</summary>
    /// <exception cref="RcnnException">Unreadable, malformed or not finite; names file, element, field and value.</exception>
    public static IReadOnlyList<DetectionRow> Read(string file)
    {
        byte[] bytes = JsonFile.ReadBytes(file, out int start);
        return IsObject(bytes, start)
            ? throw new RcnnException($"{file}: an object with its own images and categories: it can only be read against a ground truth")
            : DetectionListReader.Read(file, bytes, start);
    }

    /// <summary>Reads either form; every image id is checked against <paramref name="truth"/>.</summary>
    /// <exception cref="RcnnException">Also when an image, or in the second form a category, is not in the ground truth.</exception>
    public static IReadOnlyList<DetectionRow> Read(string file, CocoGroundTruth truth)
    {
        byte[] bytes = JsonFile.ReadBytes(file, out int start);
        if (IsObject(bytes, start))
        {
            return ReadByName(file, truth);
        }

        IReadOnlyList<DetectionRow> rows = DetectionListReader.Read(file, bytes, start);
        HashSet<long> known = [.. truth.Images.Select(i => i.Id)];
        for (int i = 0; i < rows.Count; i++)
        {
            if (!known.Contains(rows[i].ImageId))
            {
                throw new RcnnException($"{file}: [{i}].image_id: {rows[i].ImageId} is no image of {truth.Name}");
            }
        }

        return rows;
    }

    /// <summary>Writes a result list; the file appears under its name only when it is complete.</summary>
    public static void Write(string file, IEnumerable<DetectionRow> detections)
    {
        string partial = file + ".partial";
        using (var writer = new StreamWriter(partial))
        {
            string separator = "[\n";
            foreach (DetectionRow d in detections)
            {
                writer.Write(separator);
                writer.Write(string.Create(CultureInfo.InvariantCulture,
                    $"{{\"image_id\":{d.ImageId},\"category_id\":{d.CategoryId},\"bbox\":[{d.X:R},{d.Y:R},{d.Width:R},{d.Height:R}],\"score\":{d.Score:R}}}"));
                separator = ",\n";
            }

            writer.Write(separator == "[\n" ? "[]\n" : "\n]\n");
        }

        File.Move(partial, file, true);
    }

    private static bool IsObject(byte[] bytes, int start)
    {
        int i = start;
        while (i < bytes.Length && bytes[i] <= 32)
        {
            i++;
        }

        return i < bytes.Length && bytes[i] == (byte)'{';
    }

    private static List<DetectionRow> ReadByName(string file, CocoGroundTruth truth)
    {
        using JsonDocument document = JsonFile.Open(file);
        JsonElement root = document.RootElement;
        Dictionary<string, long> truthImages = ByName(truth.Images.Select(i => (Path.GetFileName(i.FileName), i.Id)), truth.Name, "images", "file_name");
        Dictionary<string, int> truthCategories = ByName(truth.Categories.Select(c => (c.Name, c.Id)), truth.Name, "categories", "name");
        var images = new Dictionary<long, long?>();
        foreach (JsonFile.Item e in JsonFile.List(root, file, "images"))
        {
            images[e.Integer("id")] = truthImages.TryGetValue(Path.GetFileName(e.Text("file_name")), out long id) ? id : null;
        }

        var categories = new Dictionary<int, int>();
        foreach (JsonFile.Item e in JsonFile.List(root, file, "categories"))
        {
            categories[e.Int32("id")] = truthCategories.TryGetValue(e.Text("name"), out int id) ? id
                : throw e.Error("name", $"a category of {truth.Name} expected");
        }

        var rows = new List<DetectionRow>();
        foreach (JsonFile.Item e in JsonFile.List(root, file, "annotations"))
        {
            (double x, double y, double width, double height) = e.Box("bbox");
            long image = images.TryGetValue(e.Integer("image_id"), out long? known) && known is { } i ? i
                : throw e.Error("image_id", $"an image whose file_name is in {truth.Name} expected");
            int category = categories.TryGetValue(e.Int32("category_id"), out int c) ? c : throw e.Error("category_id", "an id of the file's own categories expected");
            rows.Add(new DetectionRow(image, category, x, y, width, height, e.Number("score")));
        }

        return rows;
    }

    private static Dictionary<string, T> ByName<T>(IEnumerable<(string Name, T Id)> items, string file, string list, string field)
    {
        var result = new Dictionary<string, T>(StringComparer.Ordinal);
        int index = 0;
        foreach ((string name, T id) in items)
        {
            if (!result.TryAdd(name, id))
            {
                throw new RcnnException($"{file}: {list}[{index}].{field}: '{name}' occurs twice, so detections cannot be matched by name");
            }

            index++;
        }

        return result;
    }
}
