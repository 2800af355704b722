using System.Runtime.Intrinsics;

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

    /// <summary>Left and right exchanged.</summary>
    public RgbImage FlipHorizontally()
    {
        byte[] target = GC.AllocateUninitializedArray<byte>(Pixels.Length);
        for (int y = 0; y < Height; y++)
        {
            Mirror(Pixels.AsSpan(y * Width * 3, Width * 3), target.AsSpan(y * Width * 3, Width * 3));
        }

        return new RgbImage(Height, Width, target);
    }

    private static void Mirror(ReadOnlySpan<byte> source, Span<byte> target)
    {
        int width = source.Length / 3, x = 0;

        // Five pixels at a time, in the last 15 of 16 bytes: the first byte falls on a pixel that is written later.
        var order = Vector128.Create((byte)15, 12, 13, 14, 9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2);
        for (; x + 6 <= width; x += 5)
        {
            Vector128.Shuffle(Vector128.Create(source.Slice(3 * x, 16)), order).CopyTo(target.Slice((3 * (width - 5 - x)) - 1, 16));
        }

        for (; x < width; x++)
        {
            source.Slice(3 * x, 3).CopyTo(target[(3 * (width - 1 - x))..]);
        }
    }
}
