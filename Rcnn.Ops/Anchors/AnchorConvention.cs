namespace Rcnn.Ops;

/// <summary>What becomes of the corners of a cell's anchors.</summary>
public enum AnchorRounding
{
    /// <summary>Corners around the origin, float32, rounded half to even (torchvision).</summary>
    HalfToEven,

    /// <summary>Corners around the origin, as they come in double (detectron2).</summary>
    None,

    /// <summary>
    /// py-faster-rcnn: the 16×16 box (0,0,15,15) is reshaped to each ratio with sides rounded half to even, then enlarged by size/16 about its centre 7.5; sides count
    /// both corners, so a size of 128 with ratio 1 is (−56,−56,71,71).
    /// </summary>
    Caffe2015,
}

/// <summary>How the anchors of a cell follow each other.</summary>
public enum AnchorOrder
{
    /// <summary>Ratio after ratio, sizes inner.</summary>
    RatioMajor,

    /// <summary>Size after size, ratios inner.</summary>
    SizeMajor,
}

/// <summary>How anchors of a cell are made and ordered.</summary>
public sealed record AnchorConvention(AnchorRounding Rounding, AnchorOrder Order)
{
    /// <summary>Rounded half to even, ratio-major.</summary>
    public static AnchorConvention Torchvision { get; } = new(AnchorRounding.HalfToEven, AnchorOrder.RatioMajor);

    /// <summary>Not rounded, size-major.</summary>
    public static AnchorConvention Detectron2 { get; } = new(AnchorRounding.None, AnchorOrder.SizeMajor);

    /// <summary>The anchors of py-faster-rcnn, ratio-major.</summary>
    public static AnchorConvention Caffe2015 { get; } = new(AnchorRounding.Caffe2015, AnchorOrder.RatioMajor);

    /// <summary>(x1,y1,x2,y2) of one anchor.</summary>
    internal float[] Corners(double size, double ratio)
    {
        switch (Rounding)
        {
            case AnchorRounding.HalfToEven:
                float root = MathF.Sqrt((float)ratio);
                float high = root * (float)size, wide = 1f / root * (float)size;
                return [Even(-wide / 2), Even(-high / 2), Even(wide / 2), Even(high / 2)];
            case AnchorRounding.None:
                double width = Math.Sqrt(size * size / ratio), height = ratio * width;
                return [(float)(-width / 2), (float)(-height / 2), (float)(width / 2), (float)(height / 2)];
            case AnchorRounding.Caffe2015:
                const double Base = 16, Centre = 0.5 * (Base - 1);
                double baseWidth = Math.Round(Math.Sqrt(Base * Base / ratio), MidpointRounding.ToEven);
                double baseHeight = Math.Round(baseWidth * ratio, MidpointRounding.ToEven);
                double halfWidth = 0.5 * (baseWidth * (size / Base) - 1), halfHeight = 0.5 * (baseHeight * (size / Base) - 1);
                return [(float)(Centre - halfWidth), (float)(Centre - halfHeight), (float)(Centre + halfWidth), (float)(Centre + halfHeight)];
            default:
                throw new InvalidOperationException($"a rounding of anchors expected, got {Rounding}");
        }
    }

    private static float Even(float corner) => MathF.Round(corner, MidpointRounding.ToEven);
}
