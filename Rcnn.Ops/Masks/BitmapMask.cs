namespace Rcnn.Ops;

/// <summary>The pixels of one object as a picture: one byte a pixel, row after row, 1 where the object is and 0 elsewhere. Never changed after it was made.</summary>
public sealed class BitmapMask
{
    private readonly byte[] _pixels;

    /// <param name="height">Rows, ≥ 1.</param>
    /// <param name="width">Columns, ≥ 1.</param>
    /// <param name="pixels">Row-major, height·width bytes of 0 or 1; kept, not copied.</param>
    /// <exception cref="ArgumentException">Another number of bytes, or a byte above 1.</exception>
    public BitmapMask(int height, int width, byte[] pixels)
    {
        OperatorInput.Positive(height, nameof(height));
        OperatorInput.Positive(width, nameof(width));
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.LongLength != (long)height * width)
        {
            throw new ArgumentException($"pixels: {(long)height * width} bytes for {height}×{width} expected, got {pixels.Length}", nameof(pixels));
        }

        int wrong = pixels.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)1);
        if (wrong >= 0)
        {
            throw new ArgumentException($"pixels[{wrong}]: 0 or 1 expected, got {pixels[wrong]}", nameof(pixels));
        }

        (Height, Width, _pixels) = (height, width, pixels);
    }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Row-major, 0 or 1.</summary>
    public ReadOnlySpan<byte> Pixels => _pixels;

    /// <summary>How many pixels belong to the object.</summary>
    public int Area => Pixels.Count((byte)1);

    /// <summary>The smallest half-open box (x1,y1,x2,y2) around the object, or null when no pixel belongs to it.</summary>
    public (int X1, int Y1, int X2, int Y2)? Box()
    {
        int left = Width, right = 0, top = -1, bottom = 0;
        for (int y = 0; y < Height; y++)
        {
            ReadOnlySpan<byte> line = Pixels.Slice(y * Width, Width);
            int first = line.IndexOf((byte)1);
            if (first >= 0)
            {
                top = top < 0 ? y : top;
                (left, right, bottom) = (Math.Min(left, first), Math.Max(right, line.LastIndexOf((byte)1) + 1), y + 1);
            }
        }

        return top < 0 ? null : (left, top, right, bottom);
    }

    /// <summary>The mirror image: column x becomes width − 1 − x.</summary>
    public BitmapMask FlipHorizontally()
    {
        byte[] target = [.. _pixels];
        for (int y = 0; y < Height; y++)
        {
            target.AsSpan(y * Width, Width).Reverse();
        }

        return new BitmapMask(Height, Width, target);
    }

    /// <summary>Upside down: row y becomes height − 1 − y.</summary>
    public BitmapMask FlipVertically()
    {
        var target = new byte[_pixels.Length];
        for (int y = 0; y < Height; y++)
        {
            Pixels.Slice(y * Width, Width).CopyTo(target.AsSpan((Height - 1 - y) * Width));
        }

        return new BitmapMask(Height, Width, target);
    }

    /// <summary>Another size. Each pixel takes the one its centre falls on, as the bilinear resize of the image has its centres: floor((i + ½)·from/to).</summary>
    public BitmapMask Resize(int height, int width)
    {
        OperatorInput.Positive(height, nameof(height));
        OperatorInput.Positive(width, nameof(width));
        if (height == Height && width == Width)
        {
            return this;
        }

        var target = new byte[checked(height * width)];
        var column = new int[width];
        for (int x = 0; x < width; x++)
        {
            column[x] = (int)(((2L * x) + 1) * Width / (2L * width));
        }

        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<byte> from = Pixels.Slice((int)(((2L * y) + 1) * Height / (2L * height)) * Width, Width);
            Span<byte> to = target.AsSpan(y * width, width);
            for (int x = 0; x < width; x++)
            {
                to[x] = from[column[x]];
            }
        }

        return new BitmapMask(height, width, target);
    }

    /// <summary>The window of <paramref name="height"/>×<paramref name="width"/> pixels whose first pixel is (<paramref name="left"/>, <paramref name="top"/>); what lies outside of the
    /// mask is 0, so a window beyond the border enlarges the canvas.</summary>
    public BitmapMask Crop(int left, int top, int height, int width)
    {
        OperatorInput.Positive(height, nameof(height));
        OperatorInput.Positive(width, nameof(width));
        var target = new byte[checked(height * width)];
        int x1 = Math.Max(left, 0), y1 = Math.Max(top, 0);
        int x2 = (int)Math.Min((long)left + width, Width), y2 = (int)Math.Min((long)top + height, Height);
        if (x2 > x1)
        {
            for (int y = y1; y < y2; y++)
            {
                Pixels.Slice((y * Width) + x1, x2 - x1).CopyTo(target.AsSpan(((y - top) * width) + (x1 - left)));
            }
        }

        return new BitmapMask(height, width, target);
    }

    /// <summary>Without the pixels of <paramref name="other"/>: what stays visible when another object comes on top.</summary>
    /// <exception cref="ArgumentException">Another size.</exception>
    public BitmapMask Without(BitmapMask other) => Combine(other, static (a, b) => a & ~b);

    /// <summary>The pixels of either.</summary>
    /// <exception cref="ArgumentException">Another size.</exception>
    public BitmapMask Union(BitmapMask other) => Combine(other, static (a, b) => a | b);

    private BitmapMask Combine(BitmapMask other, Func<byte, byte, int> rule)
    {
        if (other.Height != Height || other.Width != Width)
        {
            throw new ArgumentException($"a mask of {Height}×{Width} expected, got {other.Height}×{other.Width}", nameof(other));
        }

        var target = new byte[_pixels.Length];
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = (byte)rule(_pixels[i], other._pixels[i]);
        }

        return new BitmapMask(Height, Width, target);
    }
}
