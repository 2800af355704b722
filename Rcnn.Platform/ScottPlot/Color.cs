using System.Globalization;

namespace ScottPlot;

/// <summary>An sRGB colour with alpha, 0–255 each.</summary>
public readonly struct Color(byte red, byte green, byte blue, byte alpha = 255)
{
    public byte Red { get; } = red;

    public byte Green { get; } = green;

    public byte Blue { get; } = blue;

    public byte Alpha { get; } = alpha;

    /// <summary>From "#rrggbb", with or without the hash sign.</summary>
    public static Color FromHex(string hex)
    {
        ReadOnlySpan<char> digits = hex.AsSpan().TrimStart('#');
        if (digits.Length != 6 || !uint.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint value))
        {
            throw new ArgumentException($"a colour is written #rrggbb, got '{hex}'");
        }

        return new Color((byte)(value >> 16), (byte)(value >> 8), (byte)value);
    }

    /// <param name="alpha">0 invisible … 1 opaque.</param>
    public Color WithAlpha(double alpha) => new(Red, Green, Blue, (byte)Math.Round(Math.Clamp(alpha, 0, 1) * 255));

    public string ToHex() => $"#{Red:x2}{Green:x2}{Blue:x2}";
}

/// <summary>Colours by name.</summary>
public static class Colors
{
    public static Color Transparent => new(0, 0, 0, 0);

    public static Color White => new(255, 255, 255);

    public static Color Black => new(0, 0, 0);

    public static Color Gray => new(128, 128, 128);

    /// <summary>Colours of successive series.</summary>
    internal static readonly Color[] Category10 =
    [
        .. new[] { "1f77b4", "ff7f0e", "2ca02c", "d62728", "9467bd", "8c564b", "e377c2", "7f7f7f", "bcbd22", "17becf" }.Select(Color.FromHex),
    ];
}
