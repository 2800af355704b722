namespace OpenCvSharp;

/// <summary>Width and height in pixels.</summary>
public record struct Size(int Width, int Height);

/// <summary>A pixel.</summary>
public record struct Point(int X, int Y);

/// <summary>A rectangle that contains its left and top, not its right and bottom border.</summary>
public record struct Rect(int X, int Y, int Width, int Height);

/// <summary>Up to four channel values, in the order of the matrix (usually blue, green, red).</summary>
public record struct Scalar(double Val0, double Val1 = 0, double Val2 = 0, double Val3 = 0)
{
    public static Scalar All(double v) => new(v, v, v, v);
}
