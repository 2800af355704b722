namespace Rcnn.Ops;

/// <summary>Which pixels an edge of the image graph joins.</summary>
public enum PixelNeighbourhood
{
    /// <summary>Left, right, upper and lower, as in OpenCV's graph segmentation.</summary>
    Four,

    /// <summary>The diagonal ones as well, as in Felzenszwalb and Huttenlocher 2004, §5.</summary>
    Eight,
}
