namespace Rcnn.Core.Data;

/// <summary>A colour for each label: hues spread by the golden ratio, so that neighbours differ and any number of classes gets its own.</summary>
public static class ClassColours
{
    /// <summary>Colour of label 1, 2, …</summary>
    public static (byte R, byte G, byte B) Of(int label)
    {
        // Hue in sixths of the circle; lightness alternates between two levels.
        double hue = (label * 0.6180339887498949 % 1 + 1) % 1 * 6;
        double high = label % 2 == 0 ? 255 : 225, low = label % 2 == 0 ? 64 : 24;
        double rising = low + (high - low) * (hue - Math.Floor(hue)), falling = high + low - rising;
        (double r, double g, double b) = (int)hue switch
        {
            0 => (high, rising, low),
            1 => (falling, high, low),
            2 => (low, high, rising),
            3 => (low, falling, high),
            4 => (rising, low, high),
            _ => (high, low, falling),
        };
        return ((byte)r, (byte)g, (byte)b);
    }

    /// <summary>Whether black text is easier to read on the colour than white: by its luma (ITU-R BT.601).</summary>
    public static bool TakesBlackText((byte R, byte G, byte B) colour) => 0.299 * colour.R + 0.587 * colour.G + 0.114 * colour.B > 140;
}
