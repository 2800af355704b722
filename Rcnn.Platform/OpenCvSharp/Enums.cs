namespace OpenCvSharp;

[Flags]
public enum ImreadModes
{
    Unchanged = -1,
    Grayscale = 0,
    Color = 1,
    AnyDepth = 2,
    AnyColor = 4,
    IgnoreOrientation = 128,
}

public enum ImwriteFlags
{
    JpegQuality = 1,
    PngCompression = 16,
}

public enum InterpolationFlags
{
    Nearest = 0,
    Linear = 1,
    Cubic = 2,
    Area = 3,
    Lanczos4 = 4,
}

public enum FlipMode
{
    X = 0,
    Y = 1,
    XY = -1,
}

public enum LineTypes
{
    Link4 = 4,
    Link8 = 8,
    AntiAlias = 16,
}

public enum HersheyFonts
{
    HersheySimplex = 0,
    HersheyPlain = 1,
    HersheyDuplex = 2,
}

public enum ColorConversionCodes
{
    BGR2RGB = 4,
    RGB2BGR = 4,
    BGR2GRAY = 6,
    RGB2GRAY = 7,
    GRAY2BGR = 8,
    GRAY2RGB = 8,
    BGR2HSV = 40,
    RGB2HSV = 41,
    BGR2Lab = 44,
    RGB2Lab = 45,
}

/// <summary>One option of an image writer.</summary>
public sealed class ImageEncodingParam(ImwriteFlags id, int value)
{
    public ImwriteFlags EncodingId { get; } = id;

    public int Value { get; } = value;
}
