using Rcnn.Ops;

namespace Rcnn.Core.Evaluation;

/// <summary>
/// Ground truth and detections as columns, ordered by category and image (when categories are not used: by image and category, all as one category);
/// inside a group the order of the file is kept.
/// </summary>
internal sealed class CocoEvaluationData
{
    /// <summary>Of category k: [DetectionStart[k], DetectionStart[k + 1]).</summary>
    public required int[] DetectionStart { get; init; }

    public required int[] DetectionImage { get; init; }

    /// <summary>[N,4] x, y, width, height.</summary>
    public required double[] DetectionBox { get; init; }

    public required double[] DetectionScore { get; init; }

    /// <summary>Of the box, or of the mask where masks are compared.</summary>
    public required double[] DetectionArea { get; init; }

    /// <summary>Empty where boxes are compared.</summary>
    public required Rle[] DetectionMask { get; init; }

    public required int[] ObjectStart { get; init; }

    public required int[] ObjectImage { get; init; }

    /// <summary>[N,4] x, y, width, height.</summary>
    public required double[] ObjectBox { get; init; }

    public required double[] ObjectArea { get; init; }

    /// <summary>Empty where boxes are compared.</summary>
    public required Rle[] ObjectMask { get; init; }

    public required bool[] ObjectCrowd { get; init; }

    /// <summary>The annotation's id is 0.</summary>
    public required bool[] ObjectIdIsZero { get; init; }

    public static CocoEvaluationData Create(CocoGroundTruth truth, IReadOnlyList<DetectionRow> detections, int[] categoryIds, CocoEvaluationOptions options)
    {
        bool useCategories = options.UseCategories, masks = options.IouType == CocoIouType.Mask;
        long[] imageIds = [.. truth.Images.Select(i => i.Id).Order()];
        var imageIndex = new Dictionary<long, int>(imageIds.Length);
        for (int i = 0; i < imageIds.Length; i++)
        {
            imageIndex.Add(imageIds[i], i);
        }

        var categoryIndex = new Dictionary<int, int>(categoryIds.Length);
        for (int k = 0; k < categoryIds.Length; k++)
        {
            categoryIndex.Add(categoryIds[k], k);
        }

        int n = detections.Count;
        var detectionImage = new int[n];
        var detectionCategory = new int[n];
        for (int i = 0; i < n; i++)
        {
            DetectionRow d = detections[i];
            if (!imageIndex.TryGetValue(d.ImageId, out detectionImage[i]))
            {
                throw new RcnnException($"detection {i}: image_id {d.ImageId} is no image of {truth.Name}");
            }

            if (!double.IsFinite(d.Score) || !double.IsFinite(d.X + d.Y + d.Width + d.Height) || d.Width < 0 || d.Height < 0)
            {
                throw new RcnnException($"detection {i}: a finite score and a finite box with sides of at least 0 expected, got {d}");
            }

            detectionCategory[i] = categoryIndex.TryGetValue(d.CategoryId, out int k) ? k : -1;
        }

        int objectCount = truth.Objects.Count;
        var objectImage = new int[objectCount];
        var objectCategory = new int[objectCount];
        for (int i = 0; i < objectCount; i++)
        {
            objectImage[i] = imageIndex[truth.Objects[i].ImageId];
            objectCategory[i] = categoryIndex.TryGetValue(truth.Objects[i].CategoryId, out int k) ? k : -1;
        }

        (int[] detectionOrder, int[] detectionStart) = Order(detectionImage, imageIds.Length, detectionCategory, categoryIds.Length, useCategories);
        (int[] objectOrder, int[] objectStart) = Order(objectImage, imageIds.Length, objectCategory, categoryIds.Length, useCategories);
        if (masks)
        {
            CheckMasks(truth, detections, detectionOrder, objectOrder);
        }

        var data = new CocoEvaluationData
        {
            DetectionStart = detectionStart,
            DetectionImage = Gather(detectionOrder, i => detectionImage[i]),
            DetectionBox = new double[4 * detectionOrder.Length],
            DetectionScore = Gather(detectionOrder, i => detections[i].Score),
            DetectionArea = Gather(detectionOrder, i => masks ? detections[i].Mask!.Area : detections[i].Width * detections[i].Height),
            DetectionMask = masks ? Gather(detectionOrder, i => detections[i].Mask!) : [],
            ObjectStart = objectStart,
            ObjectImage = Gather(objectOrder, i => objectImage[i]),
            ObjectBox = new double[4 * objectOrder.Length],
            ObjectArea = Gather(objectOrder, i => truth.Objects[i].Area),
            ObjectMask = masks ? Gather(objectOrder, i => truth.Objects[i].Mask!) : [],
            ObjectCrowd = Gather(objectOrder, i => truth.Objects[i].Crowd),
            ObjectIdIsZero = Gather(objectOrder, i => truth.Objects[i].Id == 0),
        };
        for (int i = 0; i < detectionOrder.Length; i++)
        {
            DetectionRow d = detections[detectionOrder[i]];
            (data.DetectionBox[4 * i], data.DetectionBox[(4 * i) + 1], data.DetectionBox[(4 * i) + 2], data.DetectionBox[(4 * i) + 3]) = (d.X, d.Y, d.Width, d.Height);
        }

        for (int i = 0; i < objectOrder.Length; i++)
        {
            CocoObject o = truth.Objects[objectOrder[i]];
            (data.ObjectBox[4 * i], data.ObjectBox[(4 * i) + 1], data.ObjectBox[(4 * i) + 2], data.ObjectBox[(4 * i) + 3]) = (o.X, o.Y, o.Width, o.Height);
        }

        return data;
    }

    // Every mask is there and has the size of its image; where the ground truth gives none, that of the first mask on it.
    private static void CheckMasks(CocoGroundTruth truth, IReadOnlyList<DetectionRow> detections, int[] detectionOrder, int[] objectOrder)
    {
        Dictionary<long, (int Height, int Width)> sizes = truth.Images.Where(i => i.Height > 0 && i.Width > 0).ToDictionary(i => i.Id, i => (i.Height, i.Width));
        void Check(long image, Rle? mask, string what)
        {
            if (mask is null)
            {
                throw new RcnnException($"{what} has no mask (segmentation)");
            }

            if (!sizes.TryAdd(image, (mask.Height, mask.Width)) && sizes[image] != (mask.Height, mask.Width))
            {
                throw new RcnnException($"{what}: a mask of {mask.Height}×{mask.Width}, image {image} has {sizes[image].Height}×{sizes[image].Width}");
            }
        }

        foreach (int i in objectOrder)
        {
            Check(truth.Objects[i].ImageId, truth.Objects[i].Mask, $"{truth.Name}: annotation {truth.Objects[i].Id}");
        }

        foreach (int i in detectionOrder)
        {
            Check(detections[i].ImageId, detections[i].Mask, $"detection {i}");
        }
    }

    /// <summary>Rows with a category, by two stable counting sorts, and where each category starts.</summary>
    private static (int[] Order, int[] Start) Order(int[] image, int images, int[] category, int categories, bool useCategories)
    {
        int kept = 0;
        var order = new int[image.Length];
        for (int i = 0; i < image.Length; i++)
        {
            if (category[i] >= 0)
            {
                order[kept++] = i;
            }
        }

        Array.Resize(ref order, kept);
        if (!useCategories)
        {
            return (CountingSort(CountingSort(order, category, categories, out _), image, images, out _), [0, kept]);
        }

        order = CountingSort(order, image, images, out _);
        return (CountingSort(order, category, categories, out int[] start), start);
    }

    private static int[] CountingSort(int[] order, int[] key, int keys, out int[] start)
    {
        start = new int[keys + 1];
        foreach (int i in order)
        {
            start[key[i] + 1]++;
        }

        for (int k = 0; k < keys; k++)
        {
            start[k + 1] += start[k];
        }

        var next = (int[])start.Clone();
        var result = new int[order.Length];
        foreach (int i in order)
        {
            result[next[key[i]]++] = i;
        }

        return result;
    }

    private static T[] Gather<T>(int[] order, Func<int, T> value)
    {
        var result = new T[order.Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = value(order[i]);
        }

        return result;
    }
}
