namespace Rcnn.Ops;

/// <summary>How far a box (x1,y1,x2,y2) reaches.</summary>
public enum BoxExtent
{
    /// <summary>x2 − x1 wide: the right and lower edges are outside. Everywhere but in old code.</summary>
    HalfOpen,

    /// <summary>x2 − x1 + 1 wide: the corners are the first and the last pixel (py-faster-rcnn, VOC).</summary>
    Inclusive,
}

/// <summary>What the choice of <see cref="BoxExtent"/> adds to a side.</summary>
internal static class BoxExtents
{
    public static float Extra(this BoxExtent extent) => extent switch
    {
        BoxExtent.HalfOpen => 0f,
        BoxExtent.Inclusive => 1f,
        _ => throw new ArgumentOutOfRangeException(nameof(extent), extent, $"half-open or inclusive expected, got {extent}"),
    };
}
