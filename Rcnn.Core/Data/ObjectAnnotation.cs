using Rcnn.Ops;

namespace Rcnn.Core.Data;

/// <summary>One annotated object.</summary>
/// <param name="Box">Absolute pixels, half-open (VOC's 1-based inclusive corners are already converted).</param>
/// <param name="Label">1..C, index into the dataset's class names + 1.</param>
/// <param name="Difficult">VOC's flag: counts neither way in VOC AP.</param>
/// <param name="Crowd">COCO's iscrowd: a region of many objects; never a training target.</param>
/// <param name="Area">The annotation's own area in pixels² (COCO evaluates size ranges with it); the box area where the format has none.</param>
/// <param name="Segmentation">Which pixels belong to the object, on the image as stored; null where the annotation has only the box.</param>
public sealed record ObjectAnnotation(Box Box, int Label, bool Difficult = false, bool Crowd = false, double Area = 0, Segmentation? Segmentation = null);

/// <summary>Corners in absolute pixels, half-open.</summary>
public readonly record struct Box(double X1, double Y1, double X2, double Y2)
{
    public double Width => X2 - X1;

    public double Height => Y2 - Y1;

    public double Area => Width * Height;
}
