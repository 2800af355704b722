namespace Rcnn.Core.Data;

/// <summary>A decoded image: uint8, height × width × 3, RGB, row after row without padding.</summary>
public sealed class RgbImage
{
    public RgbImage(int height, int width, byte[] pixels)
    {
        if (height <= 0 || width <= 0 || pixels.Length != height * width * 3)
        {
            throw new ArgumentException($"an image of {height}×{width} has {(long)height * width * 3} bytes, got {pixels.Length}");
        }

        (Height, Width, Pixels) = (height, width, pixels);
    }

    public int Height { get; }

    public int Width { get; }

    public byte[] Pixels { get; }
}
