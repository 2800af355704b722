namespace Rcnn.Ops;

/// <summary>One channel of a colour space.</summary>
internal enum ColourPlane
{
    Red, Green, Blue,
    Hue, Saturation, Value,
    Lightness, A, B,
    Intensity,
    NormalisedRed, NormalisedGreen,
}

/// <summary>Splits an RGB image into the channels that a set of colour spaces needs; each is computed once however many spaces share it.</summary>
internal static class ColourPlanes
{
    /// <summary>The channels of a space, in order.</summary>
    public static ColourPlane[] Of(ColourSpace space) => space switch
    {
        ColourSpace.Hsv => [ColourPlane.Hue, ColourPlane.Saturation, ColourPlane.Value],
        ColourSpace.Lab => [ColourPlane.Lightness, ColourPlane.A, ColourPlane.B],
        ColourSpace.Rgb => [ColourPlane.Red, ColourPlane.Green, ColourPlane.Blue],
        ColourSpace.Intensity => [ColourPlane.Intensity],
        ColourSpace.Hue => [ColourPlane.Hue],
        ColourSpace.Blue => [ColourPlane.Blue],
        ColourSpace.RedGreenIntensity => [ColourPlane.Red, ColourPlane.Green, ColourPlane.Intensity],
        ColourSpace.NormalisedRgIntensity => [ColourPlane.NormalisedRed, ColourPlane.NormalisedGreen, ColourPlane.Intensity],
        _ => throw new ArgumentOutOfRangeException(nameof(space), space, $"no colour space {space}"),
    };

    /// <param name="rgb">uint8, height × width × 3.</param>
    /// <param name="needed">Channels; those computed along with them come back as well.</param>
    public static Dictionary<ColourPlane, byte[]> Split(ReadOnlySpan<byte> rgb, IReadOnlySet<ColourPlane> needed)
    {
        int pixels = rgb.Length / 3;
        var planes = new Dictionary<ColourPlane, byte[]>();
        byte[] red = Add(ColourPlane.Red), green = Add(ColourPlane.Green), blue = Add(ColourPlane.Blue);
        for (int i = 0; i < pixels; i++)
        {
            (red[i], green[i], blue[i]) = (rgb[3 * i], rgb[(3 * i) + 1], rgb[(3 * i) + 2]);
        }

        if (needed.Overlaps([ColourPlane.Hue, ColourPlane.Saturation, ColourPlane.Value]))
        {
            ColourConversion.ToHsv(red, green, blue, Add(ColourPlane.Hue), Add(ColourPlane.Saturation), Add(ColourPlane.Value));
        }

        if (needed.Overlaps([ColourPlane.Lightness, ColourPlane.A, ColourPlane.B]))
        {
            ColourConversion.ToLab(red, green, blue, Add(ColourPlane.Lightness), Add(ColourPlane.A), Add(ColourPlane.B));
        }

        if (needed.Contains(ColourPlane.Intensity))
        {
            ColourConversion.ToIntensity(red, green, blue, Add(ColourPlane.Intensity));
        }

        if (needed.Overlaps([ColourPlane.NormalisedRed, ColourPlane.NormalisedGreen]))
        {
            ColourConversion.Normalise(red, green, blue, Add(ColourPlane.NormalisedRed), Add(ColourPlane.NormalisedGreen));
        }

        return planes;

        byte[] Add(ColourPlane plane) => planes[plane] = new byte[pixels];
    }
}
