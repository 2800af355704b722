using System.Globalization;
using System.Text.Json;
using Rcnn.Core.Data;
using Rcnn.Ops;

namespace Rcnn.Core.Evaluation;

/// <summary>What to do with the masks of a detection file.</summary>
public enum DetectionMasks
{
    /// <summary>Boxes alone are wanted.</summary>
    Skip,

    /// <summary>Rows that have one keep it.</summary>
    Keep,

    /// <summary>Every row must have one.</summary>
    Require,
}

/// <summary>
/// Detection files in COCO's result format: <c>[{"image_id", "category_id", "bbox": [x,y,width,height], "score"}, …]</c>, and
/// <c>"segmentation": {"size": [height,width], "counts"}</c> where there are masks. Some tools write a whole
/// COCO object instead, with <c>images</c> and <c>categories</c> of its own; its ids mean nothing to the ground truth, so images are then matched by
/// <c>file_name</c> (as it is, without folder, or without folder and extension, in this order) and categories by <c>name</c>.
/// </summary>
public static class DetectionFile
{
    /// <summary>Reads a plain result list.</summary>
    /// <param name="file">The JSON file.</param>
    /// <param name="masks">What to do with masks. A row without a box has that of its mask.</param>
    /// <exception cref="RcnnException">Unreadable, malformed or not finite; names file, element, field and value.</exception>
    public static IReadOnlyList<DetectionRow> Read(string file, DetectionMasks masks = DetectionMasks.Skip)
    {
        byte[] bytes = JsonFile.ReadBytes(file, out int start);
        return IsObject(bytes, start)
            ? throw new RcnnException($"{file}: an object with its own images and categories: it can only be read against a ground truth")
            : DetectionListReader.Read(file, bytes, start, masks);
    }

    /// <summary>Reads either form; every image id is checked against <paramref name="truth"/>.</summary>
    /// <param name="file">The JSON file.</param>
    /// <param name="truth">Gives the ids.</param>
    /// <param name="masks">What to do with masks.</param>
    /// <exception cref="RcnnException">Also when an image, or in the second form a category, is not in the ground truth.</exception>
    public static IReadOnlyList<DetectionRow> Read(string file, CocoGroundTruth truth, DetectionMasks masks = DetectionMasks.Skip)
    {
        byte[] bytes = JsonFile.ReadBytes(file, out int start);
        if (IsObject(bytes, start))
        {
            return ReadByName(file, truth, masks);
        }

        IReadOnlyList<DetectionRow> rows = DetectionListReader.Read(file, bytes, start, masks);
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
                    $"{{\"image_id\":{d.ImageId},\"category_id\":{d.CategoryId},\"bbox\":[{d.X:R},{d.Y:R},{d.Width:R},{d.Height:R}],\"score\":{d.Score:R}"));
                if (d.Mask is { } mask)
                {
                    string counts = mask.ToString().Replace("\\", "\\\\", StringComparison.Ordinal);
                    writer.Write(string.Create(CultureInfo.InvariantCulture, $",\"segmentation\":{{\"size\":[{mask.Height},{mask.Width}],\"counts\":\"{counts}\"}}"));
                }

                writer.Write('}');
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

    private static List<DetectionRow> ReadByName(string file, CocoGroundTruth truth, DetectionMasks masks)
    {
        using JsonDocument document = JsonFile.Open(file);
        JsonElement root = document.RootElement;
        var images = new Dictionary<long, long?>();
        Dictionary<string, long?> truthImages = ByFileName(truth);
        foreach (JsonFile.Item e in JsonFile.List(root, file, "images"))
        {
            string name = e.Text("file_name");
            long? id = null;
            foreach (string form in Forms(name))
            {
                if (truthImages.TryGetValue(form, out id))
                {
                    images[e.Integer("id")] = id ?? throw e.Error("file_name", $"matches several images of {truth.Name}");
                    break;
                }
            }

            images.TryAdd(e.Integer("id"), null);
        }

        var categories = new Dictionary<int, int>();
        foreach (JsonFile.Item e in JsonFile.List(root, file, "categories"))
        {
            string name = e.Text("name");
            CocoCategory[] same = [.. truth.Categories.Where(c => c.Name == name)];
            categories[e.Int32("id")] = same.Length == 1 ? same[0].Id : throw e.Error("name", $"one category of {truth.Name} expected");
        }

        var rows = new List<DetectionRow>();
        foreach (JsonFile.Item e in JsonFile.List(root, file, "annotations"))
        {
            (double x, double y, double width, double height) = e.Box("bbox");
            long image = images.TryGetValue(e.Integer("image_id"), out long? known) && known is { } i ? i
                : throw e.Error("image_id", $"an image whose file_name is in {truth.Name} expected");
            int category = categories.TryGetValue(e.Int32("category_id"), out int c) ? c : throw e.Error("category_id", "an id of the file's own categories expected");
            rows.Add(new DetectionRow(image, category, x, y, width, height, e.Number("score"), masks == DetectionMasks.Require || (masks == DetectionMasks.Keep && e.Has("segmentation")) ? Mask(e) : null));
        }

        return rows;
    }

    private static Rle Mask(JsonFile.Item e)
    {
        if (!e.Has("segmentation"))
        {
            throw e.Error("segmentation", "run lengths expected");
        }

        try
        {
            return CocoSegmentation.ParseRuns(e.Element.GetProperty("segmentation"));
        }
        catch (FormatException x)
        {
            throw new RcnnException($"{e.File}: {e.Path}.segmentation: {x.Message}", 1, x);
        }
    }

    /// <summary>Image id by file name, by file name without folder, and by that without extension; null where several images share it.</summary>
    private static Dictionary<string, long?> ByFileName(CocoGroundTruth truth)
    {
        var result = new Dictionary<string, long?>(StringComparer.Ordinal);
        foreach (CocoImage image in truth.Images)
        {
            foreach (string form in Forms(image.FileName))
            {
                if (!result.TryAdd(form, image.Id) && result[form] != image.Id)
                {
                    result[form] = null;
                }
            }
        }

        return result;
    }

    private static IEnumerable<string> Forms(string name) =>
        new[] { name, Path.GetFileName(name), Path.GetFileNameWithoutExtension(name) }.Distinct();
}
