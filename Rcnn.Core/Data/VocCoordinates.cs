namespace Rcnn.Core.Data;

/// <summary>
/// PASCAL VOC counts pixels from 1 and names the last pixel that belongs to the object: (xmin, ymin, xmax, ymax), inclusive.
/// The same pixels, half-open and counted from 0, are (xmin − 1, ymin − 1, xmax, ymax). The conversion loses nothing, and VOC's
/// width xmax − xmin + 1 is the half-open width. Everingham et al. 2010, development kit §"Annotation".
/// </summary>
public static class VocCoordinates
{
    public static Box FromInclusive(double xmin, double ymin, double xmax, double ymax) => new(xmin - 1, ymin - 1, xmax, ymax);

    /// <summary>(xmin, ymin, xmax, ymax), as VOC's files and its evaluation code have them.</summary>
    public static (double XMin, double YMin, double XMax, double YMax) ToInclusive(Box box) => (box.X1 + 1, box.Y1 + 1, box.X2, box.Y2);
}
