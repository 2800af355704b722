using Rcnn.Core.Data;

namespace Rcnn.Core.Evaluation;

/// <summary>An annotated object in VOC's own terms: corners counted from 1, the last pixel belongs to the object.</summary>
/// <param name="Image">Name of the image without folder and extension.</param>
public readonly record struct VocObject(string Image, string Class, double XMin, double YMin, double XMax, double YMax, bool Difficult);

/// <summary>A detection in VOC's own terms, corners as in <see cref="VocObject"/>; <paramref name="Score"/> is finite.</summary>
/// <param name="Image">Name of the image without folder and extension.</param>
public readonly record struct VocDetection(string Image, string Class, double Score, double XMin, double YMin, double XMax, double YMax);

/// <summary>Images, classes and objects to evaluate VOC AP on.</summary>
public sealed class VocGroundTruth
{
    private readonly HashSet<string> _images;

    /// <param name="images">Names of all images, also of those without objects.</param>
    /// <param name="objects">Order matters only between objects of equal overlap.</param>
    /// <param name="classes">Null takes every class that occurs, by code point.</param>
    /// <param name="name">For messages.</param>
    /// <exception cref="RcnnException">An image name occurs twice, or an object lies in an unknown image or class.</exception>
    public VocGroundTruth(IReadOnlyList<string> images, IReadOnlyList<VocObject> objects, IReadOnlyList<string>? classes = null, string name = "ground truth")
    {
        _images = new HashSet<string>(StringComparer.Ordinal);
        foreach (string image in images)
        {
            if (!_images.Add(image))
            {
                throw new RcnnException($"{name}: two images are called '{image}'");
            }
        }

        (Images, Objects, Name) = (images, objects, name);
        Classes = classes ?? [.. objects.Select(o => o.Class).Distinct().Order(StringComparer.Ordinal)];
        HashSet<string> known = [.. Classes];
        foreach (VocObject o in objects)
        {
            if (!_images.Contains(o.Image) || !known.Contains(o.Class))
            {
                throw new RcnnException($"{name}: {o.Image}: class '{o.Class}' is none of {string.Join(", ", Classes)}, or the image is unknown");
            }
        }
    }

    /// <summary>File, folder or dataset, for messages.</summary>
    public string Name { get; }

    public IReadOnlyList<string> Images { get; }

    public IReadOnlyList<string> Classes { get; }

    public IReadOnlyList<VocObject> Objects { get; }

    public bool HasImage(string name) => _images.Contains(name);

    /// <summary>
    /// Images and classes with the ids that <see cref="VocReader"/> gives them, and detection files therefore have: 1, 2, … in order. The name of the
    /// image is its file name; no objects.
    /// </summary>
    public CocoGroundTruth Numbered() => new(
        [.. Images.Select((image, i) => new CocoImage(i + 1, image, 0, 0))], [.. Classes.Select((name, i) => new CocoCategory(i + 1, name))], [], Name);

    /// <summary>The objects of a dataset; its half-open boxes become VOC's inclusive corners again.</summary>
    public static VocGroundTruth FromDataset(IDetectionDataset dataset)
    {
        var images = new List<string>(dataset.Count);
        var objects = new List<VocObject>();
        for (int i = 0; i < dataset.Count; i++)
        {
            ImageRecord record = dataset[i];
            string image = Path.GetFileNameWithoutExtension(record.FileName);
            images.Add(image);
            objects.AddRange(record.Objects.Select(o => new VocObject(
                image, dataset.ClassNames[o.Label - 1], o.Box.X1 + 1, o.Box.Y1 + 1, o.Box.X2, o.Box.Y2, o.Difficult)));
        }

        return new VocGroundTruth(images, objects, dataset.ClassNames, dataset.Name);
    }

    /// <summary>
    /// The objects of a COCO ground truth: [x, y, w, h] becomes the corners (x + 1, y + 1, x + w, y + h). A crowd is a region that counts neither way, as a
    /// difficult object does.
    /// </summary>
    public static VocGroundTruth FromCoco(CocoGroundTruth truth)
    {
        Dictionary<long, string> images = truth.Images.ToDictionary(i => i.Id, i => Path.GetFileNameWithoutExtension(i.FileName));
        Dictionary<int, string> classes = truth.Categories.ToDictionary(c => c.Id, c => c.Name);
        return new VocGroundTruth(
            [.. truth.Images.Select(i => images[i.Id])],
            [.. truth.Objects.Select(o => new VocObject(images[o.ImageId], classes[o.CategoryId], o.X + 1, o.Y + 1, o.X + o.Width, o.Y + o.Height, o.Crowd))],
            [.. truth.Categories.Select(c => c.Name)],
            truth.Name);
    }

    /// <summary>Detections in COCO's terms, which refer to <paramref name="truth"/>, in VOC's terms.</summary>
    public static IReadOnlyList<VocDetection> Convert(IReadOnlyList<DetectionRow> detections, CocoGroundTruth truth)
    {
        Dictionary<long, string> images = truth.Images.ToDictionary(i => i.Id, i => Path.GetFileNameWithoutExtension(i.FileName));
        Dictionary<int, string> classes = truth.Categories.ToDictionary(c => c.Id, c => c.Name);
        var result = new List<VocDetection>(detections.Count);
        for (int i = 0; i < detections.Count; i++)
        {
            DetectionRow d = detections[i];
            string image = images.TryGetValue(d.ImageId, out string? name) ? name
                : throw new RcnnException($"detection {i}: image_id {d.ImageId} is no image of {truth.Name}");
            string label = classes.TryGetValue(d.CategoryId, out string? known) ? known
                : throw new RcnnException($"detection {i}: category_id {d.CategoryId} is no category of {truth.Name}");
            result.Add(new VocDetection(image, label, d.Score, d.X + 1, d.Y + 1, d.X + d.Width, d.Y + d.Height));
        }

        return result;
    }
}
