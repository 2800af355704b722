namespace Rcnn.Core.Evaluation;

/// <summary>A range of object areas in pixels², inclusive at both ends.</summary>
public readonly record struct AreaRange(string Name, double Low, double High);

/// <summary>Whose overlap decides what a detection found.</summary>
public enum CocoIouType
{
    /// <summary>Boxes; a detection's area is that of its box.</summary>
    Box,

    /// <summary>Masks; a detection's area is the number of its pixels.</summary>
    Mask,
}

/// <summary>What is measured. The defaults are those of COCO's detection challenge.</summary>
public sealed record CocoEvaluationOptions
{
    /// <summary>Boxes, or masks, which detections and objects must then have.</summary>
    public CocoIouType IouType { get; init; } = CocoIouType.Box;

    /// <summary>IoU a match needs at least: 0.5, 0.55 … 0.95, with the rounding of evenly spaced float64 numbers (the ninth is 0.8999999999999999).</summary>
    public IReadOnlyList<double> IouThresholds { get; init; } = EvenlySpaced(0.5, 0.95, 10);

    /// <summary>Recall levels at which precision is read: 0, 0.01 … 1, rising.</summary>
    public IReadOnlyList<double> RecallThresholds { get; init; } = EvenlySpaced(0, 1, 101);

    /// <summary>Detections kept per image and category.</summary>
    public IReadOnlyList<int> MaxDetections { get; init; } = [1, 10, 100];

    public IReadOnlyList<AreaRange> AreaRanges { get; init; } =
        [new("all", 0, 1e10), new("small", 0, 1024), new("medium", 1024, 9216), new("large", 9216, 1e10)];

    /// <summary>Categories to evaluate; null takes all of the ground truth. Detections of others are left out.</summary>
    public IReadOnlyList<int>? CategoryIds { get; init; }

    /// <summary>False measures localisation alone: all categories are one.</summary>
    public bool UseCategories { get; init; } = true;

    /// <summary>Worker threads; the result does not depend on it.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary><paramref name="count"/> numbers as start + i·step in float64, the last one exactly <paramref name="stop"/>.</summary>
    public static double[] EvenlySpaced(double start, double stop, int count)
    {
        var result = new double[count];
        double step = (stop - start) / (count - 1);
        for (int i = 0; i < count; i++)
        {
            result[i] = (i * step) + start;
        }

        result[^1] = stop;
        return result;
    }
}
