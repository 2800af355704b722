namespace Rcnn.Ops;

/// <summary>8-bit RGB to other 8-bit spaces in fixed point, to the value of OpenCV's cvtColor.</summary>
internal static class ColourConversion
{
    private const int HsvBits = 12, LabBits = 12, LabValueBits = 15, GammaBits = 3, GreyBits = 15;
    private const int HueCircle = 180;

    private static readonly int[] SaturationDivisors = [.. Enumerable.Range(0, 256).Select(v => v == 0 ? 0 : Rounded((255 << HsvBits) / (double)v))];
    private static readonly int[] HueDivisors = [.. Enumerable.Range(0, 256).Select(v => v == 0 ? 0 : Rounded((HueCircle << HsvBits) / (6.0 * v)))];
    private static readonly int[] Linear = [.. Enumerable.Range(0, 256).Select(v => Rounded((255 << GammaBits) * Gamma(v / 255.0)))];
    private static readonly int[] CubeRoots = [.. Enumerable.Range(0, (256 * 3 / 2) << GammaBits).Select(i => Rounded((1 << LabValueBits) * LabCurve(i / (255.0 * (1 << GammaBits)))))];

    // sRGB to XYZ, each row over the white point of D65.
    private static readonly int[] Xyz =
    [
        .. new[] { 0.412453, 0.357580, 0.180423 }.Select(v => Rounded((1 << LabBits) * v / 0.950456)),
        .. new[] { 0.212671, 0.715160, 0.072169 }.Select(v => Rounded((1 << LabBits) * v)),
        .. new[] { 0.019334, 0.119193, 0.950227 }.Select(v => Rounded((1 << LabBits) * v / 1.088754)),
    ];

    public static void ToHsv(byte[] red, byte[] green, byte[] blue, byte[] hue, byte[] saturation, byte[] value)
    {
        for (int i = 0; i < red.Length; i++)
        {
            int r = red[i], g = green[i], b = blue[i];
            int top = Math.Max(Math.Max(r, g), b), range = top - Math.Min(Math.Min(r, g), b);
            int sector = top == r ? g - b : top == g ? b - r + (2 * range) : r - g + (4 * range);
            int h = ((sector * HueDivisors[range]) + (1 << (HsvBits - 1))) >> HsvBits;
            hue[i] = (byte)(h < 0 ? h + HueCircle : h);
            saturation[i] = (byte)(((range * SaturationDivisors[top]) + (1 << (HsvBits - 1))) >> HsvBits);
            value[i] = (byte)top;
        }
    }

    public static void ToLab(byte[] red, byte[] green, byte[] blue, byte[] lightness, byte[] a, byte[] b)
    {
        const int One = 1 << LabValueBits;
        const int Scale = ((116 * 255) + 50) / 100, Shift = -(((16 * 255 * One) + 50) / 100);
        int[] m = Xyz;
        for (int i = 0; i < red.Length; i++)
        {
            int lr = Linear[red[i]], lg = Linear[green[i]], lb = Linear[blue[i]];
            int x = CubeRoots[Descale((lr * m[0]) + (lg * m[1]) + (lb * m[2]), LabBits)];
            int y = CubeRoots[Descale((lr * m[3]) + (lg * m[4]) + (lb * m[5]), LabBits)];
            int z = CubeRoots[Descale((lr * m[6]) + (lg * m[7]) + (lb * m[8]), LabBits)];
            lightness[i] = Byte(Descale((Scale * y) + Shift, LabValueBits));
            a[i] = Byte(Descale((500 * (x - y)) + (128 * One), LabValueBits));
            b[i] = Byte(Descale((200 * (y - z)) + (128 * One), LabValueBits));
        }
    }

    public static void ToIntensity(byte[] red, byte[] green, byte[] blue, byte[] intensity)
    {
        const int R = 9798, G = 19235, B = 3735;           // 0.299, 0.587, 0.114 in 15 bits
        for (int i = 0; i < red.Length; i++)
        {
            intensity[i] = (byte)Descale((R * red[i]) + (G * green[i]) + (B * blue[i]), GreyBits);
        }
    }

    /// <summary>Shares of red and green in the sum, rounded to 0 … 255; a third each where all are 0.</summary>
    public static void Normalise(byte[] red, byte[] green, byte[] blue, byte[] redShare, byte[] greenShare)
    {
        for (int i = 0; i < red.Length; i++)
        {
            int sum = red[i] + green[i] + blue[i];
            redShare[i] = sum == 0 ? (byte)85 : (byte)(((2 * 255 * red[i]) + sum) / (2 * sum));
            greenShare[i] = sum == 0 ? (byte)85 : (byte)(((2 * 255 * green[i]) + sum) / (2 * sum));
        }
    }

    private static double Gamma(double v) => v <= 0.04045 ? v / 12.92 : Math.Pow((v + 0.055) / 1.055, 2.4);

    private static double LabCurve(double v) => v < 0.008856 ? (v * 7.787) + 0.13793103448275862 : Math.Cbrt(v);

    private static int Rounded(double v) => (int)Math.Round(v);

    private static int Descale(int v, int bits) => (v + (1 << (bits - 1))) >> bits;

    private static byte Byte(int v) => (byte)Math.Clamp(v, 0, 255);
}
