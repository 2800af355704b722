namespace OpenCvSharp;

/// <summary>Element type and number of channels, in OpenCV's numbering.</summary>
public readonly record struct MatType(int Value)
{
    public const int CV_8U = 0;
    public const int CV_8S = 1;
    public const int CV_16U = 2;
    public const int CV_16S = 3;
    public const int CV_32S = 4;
    public const int CV_32F = 5;
    public const int CV_64F = 6;

    private static readonly string[] Names = ["CV_8U", "CV_8S", "CV_16U", "CV_16S", "CV_32S", "CV_32F", "CV_64F", "CV_16F"];

    public static readonly MatType CV_8UC1 = MakeType(CV_8U, 1);
    public static readonly MatType CV_8UC3 = MakeType(CV_8U, 3);
    public static readonly MatType CV_8UC4 = MakeType(CV_8U, 4);
    public static readonly MatType CV_32FC1 = MakeType(CV_32F, 1);
    public static readonly MatType CV_32FC3 = MakeType(CV_32F, 3);

    public int Depth => Value & 7;

    public int Channels => (Value >> 3) + 1;

    /// <summary>Bytes of one pixel.</summary>
    internal int ElemSize => Channels * (Depth switch { CV_8U or CV_8S => 1, CV_32S or CV_32F => 4, CV_64F => 8, _ => 2 });

    public static MatType MakeType(int depth, int channels) => new(depth + ((channels - 1) << 3));

    public override string ToString() => $"{Names[Depth]}C{Channels}";
}
