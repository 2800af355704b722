namespace OpenCvSharp;

/// <summary>
/// OpenCV's functions. Colours and channels are in OpenCV's order (blue, green, red) unless the caller's matrix says otherwise.
/// Errors of OpenCV are an <see cref="OpenCVException"/>.
/// </summary>
public static unsafe class Cv2
{
    /// <summary>Threads OpenCV may use for one call, in the whole process; 1 is sequential.</summary>
    public static void SetNumThreads(int nthreads) => NativeMethods.Check(NativeMethods.ThreadsSet(nthreads));

    public static int GetNumThreads() => NativeMethods.ThreadsGet();

    /// <summary>Reads an image; the result is empty when the file is missing or unreadable.</summary>
    public static Mat ImRead(string fileName, ImreadModes flags = ImreadModes.Color)
    {
        NativeMethods.Check(NativeMethods.ImRead(fileName, (int)flags, out MatHandle handle));
        return new Mat(handle);
    }

    /// <summary>Decodes an image file in memory; the result is empty when the bytes are no image.</summary>
    public static Mat ImDecode(byte[] buf, ImreadModes flags)
    {
        fixed (byte* bytes = buf)
        {
            NativeMethods.Check(NativeMethods.ImDecode(bytes, buf.Length, (int)flags, out MatHandle handle));
            return new Mat(handle);
        }
    }

    /// <summary>Writes an image in the format of the file's extension; false when OpenCV could not.</summary>
    public static bool ImWrite(string fileName, Mat img, params ImageEncodingParam[] prms)
    {
        int[] flat = Flat(prms);
        NativeMethods.Check(NativeMethods.ImWrite(fileName, img.Handle, flat, flat.Length, out int done));
        return done != 0;
    }

    /// <summary>Encodes an image in the format of <paramref name="ext"/> (".jpg", ".png").</summary>
    public static bool ImEncode(string ext, Mat img, out byte[] buf, params ImageEncodingParam[] prms)
    {
        int[] flat = Flat(prms);
        NativeMethods.Check(NativeMethods.ImEncode(ext, img.Handle, flat, flat.Length, out nint owner, out byte* data, out long size, out int done));
        try
        {
            buf = new ReadOnlySpan<byte>(data, checked((int)size)).ToArray();
        }
        finally
        {
            NativeMethods.BytesFree(owner);
        }

        return done != 0;
    }

    /// <summary><paramref name="dsize"/> 0×0 takes the size from the factors <paramref name="fx"/> and <paramref name="fy"/>.</summary>
    public static void Resize(
        Mat src, Mat dst, Size dsize, double fx = 0, double fy = 0, InterpolationFlags interpolation = InterpolationFlags.Linear) =>
        NativeMethods.Check(NativeMethods.Resize(src.Handle, dst.Handle, dsize.Width, dsize.Height, fx, fy, (int)interpolation));

    public static void CvtColor(Mat src, Mat dst, ColorConversionCodes code, int dstCn = 0) =>
        NativeMethods.Check(NativeMethods.CvtColor(src.Handle, dst.Handle, (int)code, dstCn));

    public static void Flip(Mat src, Mat dst, FlipMode flipCode) =>
        NativeMethods.Check(NativeMethods.Flip(src.Handle, dst.Handle, (int)flipCode));

    public static void Rectangle(
        Mat img, Point pt1, Point pt2, Scalar color, int thickness = 1, LineTypes lineType = LineTypes.Link8, int shift = 0)
    {
        double* c = stackalloc double[] { color.Val0, color.Val1, color.Val2, color.Val3 };
        NativeMethods.Check(NativeMethods.Rectangle(img.Handle, pt1.X, pt1.Y, pt2.X, pt2.Y, c, thickness, (int)lineType, shift));
    }

    public static void Rectangle(
        Mat img, Rect rect, Scalar color, int thickness = 1, LineTypes lineType = LineTypes.Link8, int shift = 0) =>
        Rectangle(img, new Point(rect.X, rect.Y), new Point(rect.X + rect.Width - 1, rect.Y + rect.Height - 1), color, thickness, lineType, shift);

    public static void Line(
        Mat img, Point pt1, Point pt2, Scalar color, int thickness = 1, LineTypes lineType = LineTypes.Link8, int shift = 0)
    {
        double* c = stackalloc double[] { color.Val0, color.Val1, color.Val2, color.Val3 };
        NativeMethods.Check(NativeMethods.Line(img.Handle, pt1.X, pt1.Y, pt2.X, pt2.Y, c, thickness, (int)lineType, shift));
    }

    /// <summary>Fills the area bounded by several polygons, even-odd.</summary>
    public static void FillPoly(
        Mat img, IEnumerable<IEnumerable<Point>> pts, Scalar color, LineTypes lineType = LineTypes.Link8, int shift = 0, Point? offset = null)
    {
        var points = new List<int>();
        var counts = new List<int>();
        foreach (IEnumerable<Point> polygon in pts)
        {
            int before = points.Count;
            foreach (Point p in polygon)
            {
                points.Add(p.X);
                points.Add(p.Y);
            }

            counts.Add((points.Count - before) / 2);
        }

        double* c = stackalloc double[] { color.Val0, color.Val1, color.Val2, color.Val3 };
        Point shiftBy = offset ?? default;
        NativeMethods.Check(NativeMethods.FillPoly(
            img.Handle, [.. points], [.. counts], counts.Count, c, (int)lineType, shift, shiftBy.X, shiftBy.Y));
    }

    /// <summary>Draws text whose baseline begins at <paramref name="org"/>. The Hershey fonts have ASCII only.</summary>
    public static void PutText(
        Mat img,
        string text,
        Point org,
        HersheyFonts fontFace,
        double fontScale,
        Scalar color,
        int thickness = 1,
        LineTypes lineType = LineTypes.Link8,
        bool bottomLeftOrigin = false)
    {
        double* c = stackalloc double[] { color.Val0, color.Val1, color.Val2, color.Val3 };
        NativeMethods.Check(NativeMethods.PutText(
            img.Handle, text, org.X, org.Y, (int)fontFace, fontScale, c, thickness, (int)lineType, bottomLeftOrigin ? 1 : 0));
    }

    /// <summary>Width and height of the text above its baseline; <paramref name="baseLine"/> is the depth below it.</summary>
    public static Size GetTextSize(string text, HersheyFonts fontFace, double fontScale, int thickness, out int baseLine)
    {
        NativeMethods.Check(NativeMethods.TextSize(text, (int)fontFace, fontScale, thickness, out int width, out int height, out baseLine));
        return new Size(width, height);
    }

    private static int[] Flat(ImageEncodingParam[] parameters)
    {
        var flat = new int[2 * parameters.Length];
        for (int i = 0; i < parameters.Length; i++)
        {
            (flat[2 * i], flat[2 * i + 1]) = ((int)parameters[i].EncodingId, parameters[i].Value);
        }

        return flat;
    }
}
