using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Rcnn.Ops;

namespace Rcnn.Core.Data;

/// <summary>
/// COCO instance files: <c>images</c>, <c>annotations</c> with <c>bbox</c> [x, y, width, height], <c>categories</c>. Category ids may have gaps; labels are 1..C in
/// the order of the ids. Images are in the order of the file. A <c>segmentation</c> (polygons, run lengths) is kept as it is written; one that describes no mask is a warning and
/// the object has its box alone. Captions are skipped. Lin et al. 2014.
/// </summary>
public static class CocoReader
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Reads the annotation file; images are decoded later, one by one.</summary>
    /// <param name="file">The JSON file.</param>
    /// <param name="imageFolder">Where <c>file_name</c> is looked for.</param>
    /// <param name="classNames">Classes in the order of their labels, for example those of a trained run; null takes the file's own.</param>
    /// <param name="name">Name of the dataset in messages and runs.</param>
    /// <exception cref="RcnnException">The file or folder is missing, or the file is no COCO JSON. Errors inside annotations surface when the image is
    /// asked for and in <see cref="DataAudit"/>.</exception>
    public static FileDataset Open(string file, string imageFolder, IReadOnlyList<string>? classNames = null, string? name = null)
    {
        if (!Directory.Exists(imageFolder))
        {
            throw RcnnException.Usage($"{imageFolder}: no such folder");
        }

        CocoFile coco = Parse(file);
        CocoCategory[] categories = [.. coco.Categories!.OrderBy(c => c.Id)];
        if (classNames is not null)
        {
            // Known names keep their category id; a class the file lacks still needs one of its own for exported detections.
            var ids = categories.ToDictionary(c => c.Name, c => c.Id);
            int next = categories.Length == 0 ? 1 : categories[^1].Id + 1;
            categories = [.. classNames.Select(n => new CocoCategory(ids.TryGetValue(n, out int id) ? id : next++, n))];
        }

        if (categories.Length == 0)
        {
            throw new RcnnException($"{file}: categories is empty");
        }

        var labels = new Dictionary<int, int>();
        foreach (CocoCategory category in categories)
        {
            if (!labels.TryAdd(category.Id, labels.Count + 1))
            {
                throw new RcnnException($"{file}: category id {category.Id} occurs twice");
            }
        }

        var entries = new Dictionary<long, (CocoImage Image, List<ObjectAnnotation> Objects, List<DataIssue> Issues)>();
        foreach (CocoImage image in coco.Images!)
        {
            var issues = new List<DataIssue>();
            if (image.Width <= 0 || image.Height <= 0)
            {
                issues.Add(DataIssue.Error($"{file}: image {image.Id}", $"size {image.Width}×{image.Height}"));
            }

            if (!entries.TryAdd(image.Id, (image, [], issues)))
            {
                throw new RcnnException($"{file}: image id {image.Id} occurs twice");
            }
        }

        var whole = new List<DataIssue>();
        foreach (CocoAnnotation annotation in coco.Annotations!)
        {
            string where = $"{file}: annotation {annotation.Id}";
            if (!entries.TryGetValue(annotation.ImageId, out var entry))
            {
                whole.Add(DataIssue.Error(where, $"image_id {annotation.ImageId} is not among the images"));
                continue;
            }

            Judge(annotation, where, labels, entry.Image, entry.Objects, entry.Issues);
        }

        return new FileDataset(
            name ?? $"coco:{file},{imageFolder}",
            [.. categories.Select(c => c.Name)],
            [.. categories.Select(c => c.Id)],
            entries.Values.Select(e => new FileDataset.Entry(
                new ImageRecord(e.Image.Id, e.Image.FileName, Math.Max(e.Image.Width, 1), Math.Max(e.Image.Height, 1), e.Objects, file),
                Path.Combine(imageFolder, e.Image.FileName),
                e.Issues)),
            whole);
    }

    private static void Judge(
        CocoAnnotation annotation, string where, Dictionary<int, int> labels, CocoImage image, List<ObjectAnnotation> objects, List<DataIssue> issues)
    {
        if (!labels.TryGetValue(annotation.CategoryId, out int label))
        {
            issues.Add(DataIssue.Error(where, $"category_id {annotation.CategoryId} is not among the categories"));
            return;
        }

        double[] b = annotation.Bbox;
        string written = "[" + string.Join(",", b.Select(v => v.ToString(CultureInfo.InvariantCulture))) + "]";
        if (b.Length != 4)
        {
            issues.Add(DataIssue.Error(where, $"bbox {written} has {b.Length} numbers, 4 expected"));
            return;
        }

        var box = new Box(b[0], b[1], b[0] + b[2], b[1] + b[3]);
        if (AnnotationRules.Check(box, b[2] > 0 && b[3] > 0, written, (image.Width, image.Height), where, issues) is { } kept)
        {
            objects.Add(new ObjectAnnotation(kept, label, Difficult: false, annotation.Iscrowd != 0, annotation.Area ?? kept.Area, Mask(annotation, where, image, issues)));
        }
    }

    private static Segmentation? Mask(CocoAnnotation annotation, string where, CocoImage image, List<DataIssue> issues)
    {
        JsonElement value = annotation.Segmentation;
        if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0))
        {
            return null;
        }

        try
        {
            return CocoSegmentation.Parse(value, image.Height, image.Width);
        }
        catch (FormatException e)
        {
            issues.Add(DataIssue.Warning(where, $"segmentation: {e.Message}; the object has no mask"));
            return null;
        }
    }

    private static CocoFile Parse(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            CocoFile coco = JsonSerializer.Deserialize<CocoFile>(stream, Options) ?? new CocoFile(null, null, null);
            string? missing = coco.Images is null ? "images" : coco.Annotations is null ? "annotations" : coco.Categories is null ? "categories" : null;
            return missing is null ? coco : throw new RcnnException($"{file}: no COCO file, '{missing}' is missing");
        }
        catch (JsonException e)
        {
            throw new RcnnException($"{file}:{e.LineNumber + 1}: {e.Message.ReplaceLineEndings(" ")}", inner: e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw RcnnException.Usage($"{file}: no such file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RcnnException($"{file}: {e.Message}", inner: e);
        }
    }

    private sealed record CocoFile(CocoImage[]? Images, CocoAnnotation[]? Annotations, CocoCategory[]? Categories);

    private sealed record CocoImage
    {
        [JsonRequired]
        public long Id { get; init; }

        [JsonRequired]
        public required string FileName { get; init; }

        [JsonRequired]
        public int Width { get; init; }

        [JsonRequired]
        public int Height { get; init; }
    }

    private sealed record CocoAnnotation
    {
        [JsonRequired]
        public long Id { get; init; }

        [JsonRequired]
        public long ImageId { get; init; }

        [JsonRequired]
        public int CategoryId { get; init; }

        [JsonRequired]
        public required double[] Bbox { get; init; }

        public int Iscrowd { get; init; }

        public double? Area { get; init; }

        public JsonElement Segmentation { get; init; }
    }

    private sealed record CocoCategory(int Id, string Name);
}
