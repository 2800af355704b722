namespace Rcnn.Ops;

/// <summary>The channels in which Selective Search segments and compares, all uint8 (Uijlings et al. 2013, §4.1). Conversions are OpenCV's for 8-bit images.</summary>
public enum ColourSpace
{
    /// <summary>Hue 0 … 179, saturation, value.</summary>
    Hsv,

    /// <summary>CIE L*a*b* of sRGB under D65: L·255/100, a + 128, b + 128.</summary>
    Lab,

    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>0.299 R + 0.587 G + 0.114 B.</summary>
    Intensity,

    /// <summary>The hue of HSV alone.</summary>
    Hue,

    /// <summary>Blue alone. OpenCV's quality mode means hue here but overwrites it with blue before use; its boxes are those of blue.</summary>
    Blue,

    /// <summary>Red, green and intensity as they are, which is what OpenCV's quality mode calls rgI.</summary>
    RedGreenIntensity,

    /// <summary>The paper's rgI: R/(R+G+B) and G/(R+G+B) in 0 … 255, black as grey, and intensity.</summary>
    NormalisedRgIntensity,
}
