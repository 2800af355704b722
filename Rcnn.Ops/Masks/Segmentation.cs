namespace Rcnn.Ops;

/// <summary>Which pixels belong to an object, as an annotation says it: <see cref="PolygonMask"/> or <see cref="Rle"/>. Pixels are made when they are asked for.</summary>
/// <remarks>Equal are two of the same kind, size and outline; the same pixels described in another way are not.</remarks>
public abstract class Segmentation : IEquatable<Segmentation>
{
    private protected Segmentation()
    {
    }

    /// <summary>The object as a picture of <paramref name="height"/>×<paramref name="width"/> pixels, which must be the image in the size it now has.</summary>
    public abstract BitmapMask Rasterise(int height, int width);

    /// <summary>As <see cref="Rasterise"/>, run-length encoded.</summary>
    public abstract Rle ToRle(int height, int width);

    /// <inheritdoc/>
    public abstract bool Equals(Segmentation? other);

    /// <inheritdoc/>
    public sealed override bool Equals(object? obj) => Equals(obj as Segmentation);

    /// <inheritdoc/>
    public abstract override int GetHashCode();
}
