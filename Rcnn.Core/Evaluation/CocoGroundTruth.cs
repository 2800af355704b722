using Rcnn.Core.Data;
using Rcnn.Ops;

namespace Rcnn.Core.Evaluation;

public sealed record CocoImage(long Id, string FileName, int Width, int Height);

public sealed record CocoCategory(int Id, string Name);

/// <summary>One annotated object of a COCO ground truth: box [x,y,width,height] in pixels, the annotation's own area in pixels²; its mask where masks were asked for.</summary>
public readonly record struct CocoObject(
    long Id, long ImageId, int CategoryId, double X, double Y, double Width, double Height, double Area, bool Crowd, Rle? Mask = null);

/// <summary>What detections are measured against.</summary>
public sealed class CocoGroundTruth
{
    /// <exception cref="RcnnException">An id occurs twice, or an object names an unknown image or category.</exception>
    public CocoGroundTruth(IReadOnlyList<CocoImage> images, IReadOnlyList<CocoCategory> categories, IReadOnlyList<CocoObject> objects, string name = "ground truth")
    {
        (Images, Categories, Objects, Name) = (images, categories, objects, name);
        var imageIds = new HashSet<long>();
        for (int i = 0; i < images.Count; i++)
        {
            if (!imageIds.Add(images[i].Id))
            {
                throw new RcnnException($"{name}: images[{i}].id: {images[i].Id} occurs twice");
            }
        }

        var categoryIds = new HashSet<int>();
        for (int i = 0; i < categories.Count; i++)
        {
            if (!categoryIds.Add(categories[i].Id))
            {
                throw new RcnnException($"{name}: categories[{i}].id: {categories[i].Id} occurs twice");
            }
        }

        var objectIds = new HashSet<long>();
        for (int i = 0; i < objects.Count; i++)
        {
            CocoObject o = objects[i];
            if (!objectIds.Add(o.Id))
            {
                throw new RcnnException($"{name}: annotations[{i}].id: {o.Id} occurs twice");
            }

            if (!imageIds.Contains(o.ImageId))
            {
                throw new RcnnException($"{name}: annotations[{i}].image_id: no image has the id {o.ImageId}");
            }

            if (!categoryIds.Contains(o.CategoryId))
            {
                throw new RcnnException($"{name}: annotations[{i}].category_id: no category has the id {o.CategoryId}");
            }
        }
    }

    /// <summary>File or dataset, for messages.</summary>
    public string Name { get; }

    public IReadOnlyList<CocoImage> Images { get; }

    public IReadOnlyList<CocoCategory> Categories { get; }

    public IReadOnlyList<CocoObject> Objects { get; }

    /// <summary>Reads a COCO annotation file.</summary>
    /// <param name="file">The JSON file.</param>
    /// <param name="masks">Whether <c>segmentation</c> is read too; every object must then have one.</param>
    /// <exception cref="RcnnException">Unreadable or malformed; names file, element, field and value.</exception>
    public static CocoGroundTruth Read(string file, bool masks = false) => CocoGroundTruthReader.Read(file, masks);

    /// <summary>
    /// The ground truth of a dataset: image ids and category ids are the dataset's, annotation ids count from 1. An object without its own area gets that of its
    /// box. VOC's <em>difficult</em> objects are ordinary ones here, as COCO's metric knows no such flag. With <paramref name="masks"/>, objects that have one get it.
    /// </summary>
    public static CocoGroundTruth FromDataset(IDetectionDataset dataset, bool masks = false)
    {
        var images = new List<CocoImage>(dataset.Count);
        var objects = new List<CocoObject>();
        for (int i = 0; i < dataset.Count; i++)
        {
            ImageRecord record = dataset[i];
            images.Add(new CocoImage(record.Id, record.FileName, record.Width, record.Height));
            foreach (ObjectAnnotation o in record.Objects)
            {
                objects.Add(new CocoObject(objects.Count + 1, record.Id, dataset.CategoryIds[o.Label - 1],
                    o.Box.X1, o.Box.Y1, o.Box.Width, o.Box.Height, o.Area > 0 ? o.Area : o.Box.Area, o.Crowd,
                    masks ? o.Segmentation?.ToRle(record.Height, record.Width) : null));
            }
        }

        List<CocoCategory> categories = [.. dataset.ClassNames.Select((name, i) => new CocoCategory(dataset.CategoryIds[i], name))];
        return new CocoGroundTruth(images, categories, objects, dataset.Name);
    }
}
