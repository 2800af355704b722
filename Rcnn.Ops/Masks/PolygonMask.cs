namespace Rcnn.Ops;

/// <summary>
/// An object outlined by one polygon or several, as annotators draw it; parts may overlap and the object is their union. Knows the size of the image it was drawn on, so that it can be
/// rasterised on that image in any other size. Never changed after it was made.
/// </summary>
public sealed class PolygonMask : Segmentation
{
    /// <summary>Coordinates beyond this are no outline of an image any more, and a fifth of a pixel would leave 32 bits.</summary>
    internal const double Largest = 2e8;

    private readonly double[][] _parts;

    /// <param name="height">Rows of the image.</param>
    /// <param name="width">Columns of the image.</param>
    /// <param name="parts">Each x, y, x, y, … in pixels, pixel edges at whole numbers, at least three points, closed by itself; may leave the image. Kept, not copied.</param>
    /// <exception cref="ArgumentException">No part, or one with fewer than three points, an odd number of values, or a value that is not finite or beyond ±2·10⁸.</exception>
    public PolygonMask(int height, int width, params IReadOnlyList<double[]> parts)
    {
        OperatorInput.Positive(height, nameof(height));
        OperatorInput.Positive(width, nameof(width));
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count == 0)
        {
            throw new ArgumentException("one polygon or more expected, got none", nameof(parts));
        }

        for (int i = 0; i < parts.Count; i++)
        {
            Check(parts[i], $"parts[{i}]");
        }

        (Height, Width, _parts) = (height, width, [.. parts]);
    }

    /// <summary>Rows of the image the outline belongs to.</summary>
    public int Height { get; }

    /// <summary>Columns of the image the outline belongs to.</summary>
    public int Width { get; }

    /// <summary>The polygons, each x, y, x, y, ….</summary>
    public IReadOnlyList<double[]> Parts => _parts;

    /// <summary>The mirror image: x becomes width − x.</summary>
    public PolygonMask FlipHorizontally() => Map(Height, Width, -1, Width, 1, 0);

    /// <summary>Upside down: y becomes height − y.</summary>
    public PolygonMask FlipVertically() => Map(Height, Width, 1, 0, -1, Height);

    /// <summary>On the image in another size.</summary>
    public PolygonMask Resize(int height, int width) => Map(height, width, (double)width / Width, 0, (double)height / Height, 0);

    /// <summary>In the window of <paramref name="height"/>×<paramref name="width"/> pixels that begins at (<paramref name="left"/>, <paramref name="top"/>). The outline keeps the points
    /// outside of it; they are cut off in pixels.</summary>
    public PolygonMask Crop(int left, int top, int height, int width) => Map(height, width, 1, -(double)left, 1, -(double)top);

    /// <inheritdoc/>
    public override Rle ToRle(int height, int width)
    {
        PolygonMask scaled = height == Height && width == Width ? this : Resize(height, width);
        return Rle.Union([.. scaled._parts.Select(p => Rle.FromPolygon(p, height, width))]);
    }

    /// <inheritdoc/>
    public override BitmapMask Rasterise(int height, int width) => ToRle(height, width).Decode();

    /// <inheritdoc/>
    public override bool Equals(Segmentation? other) => other is PolygonMask polygon && polygon.Height == Height && polygon.Width == Width
        && polygon._parts.Length == _parts.Length && polygon._parts.Zip(_parts).All(p => p.First.AsSpan().SequenceEqual(p.Second));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Height, Width, _parts.Length, _parts[0].Length, _parts[0][0], _parts[0][1]);

    internal static void Check(ReadOnlySpan<double> polygon, string name)
    {
        if (polygon.Length < 6 || polygon.Length % 2 != 0)
        {
            throw new ArgumentException($"{name}: x and y of three points or more expected, got {polygon.Length} values", name);
        }

        for (int i = 0; i < polygon.Length; i++)
        {
            if (!(Math.Abs(polygon[i]) <= Largest))
            {
                throw new ArgumentException(FormattableString.Invariant($"{name}[{i}]: a number within ±{Largest} expected, got {polygon[i]}"), name);
            }
        }
    }

    private PolygonMask Map(int height, int width, double scaleX, double shiftX, double scaleY, double shiftY) => new(height, width,
        [.. _parts.Select(part =>
        {
            var moved = new double[part.Length];
            for (int i = 0; i < part.Length; i += 2)
            {
                (moved[i], moved[i + 1]) = ((part[i] * scaleX) + shiftX, (part[i + 1] * scaleY) + shiftY);
            }

            return moved;
        })]);
}
