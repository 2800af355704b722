using System.Runtime.InteropServices;

namespace OpenCvSharp;

/// <summary>Entry points of <c>native/opencv.cpp</c>. A status other than 0 becomes an <see cref="OpenCVException"/> in <see cref="Check"/>.</summary>
internal static unsafe partial class NativeMethods
{
    private const string Library = "rcnn_opencv";

    static NativeMethods() => Quiet();

    internal static void Check(int status)
    {
        if (status != 0)
        {
            byte* message = Error(out byte* function, out _, out int line);
            string text = Marshal.PtrToStringUTF8((nint)message) ?? "";
            throw new OpenCVException(Marshal.PtrToStringUTF8((nint)function) ?? "", text.ReplaceLineEndings(" ").Trim(), line);
        }
    }

    [LibraryImport(Library, EntryPoint = "rcv_mat_new")]
    internal static partial int MatNew(int rows, int cols, int type, double* fill, out MatHandle result);

    [LibraryImport(Library, EntryPoint = "rcv_mat_wrap")]
    internal static partial int MatWrap(int rows, int cols, int type, nint data, long step, out MatHandle result);

    [LibraryImport(Library, EntryPoint = "rcv_mat_clone")]
    internal static partial int MatClone(MatHandle mat, out MatHandle result);

    [LibraryImport(Library, EntryPoint = "rcv_mat_copy")]
    internal static partial int MatCopy(MatHandle source, MatHandle target);

    [LibraryImport(Library, EntryPoint = "rcv_mat_free")]
    internal static partial void MatFree(nint mat);

    [LibraryImport(Library, EntryPoint = "rcv_mat_info")]
    internal static partial void MatInfo(MatHandle mat, out MatHeader header);

    [LibraryImport(Library, EntryPoint = "rcv_imread", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ImRead(string path, int flags, out MatHandle result);

    [LibraryImport(Library, EntryPoint = "rcv_imdecode")]
    internal static partial int ImDecode(byte* bytes, int count, int flags, out MatHandle result);

    [LibraryImport(Library, EntryPoint = "rcv_imwrite", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ImWrite(string path, MatHandle mat, int[] parameters, int count, out int done);

    [LibraryImport(Library, EntryPoint = "rcv_imencode", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ImEncode(
        string extension, MatHandle mat, int[] parameters, int count, out nint owner, out byte* data, out long size, out int done);

    [LibraryImport(Library, EntryPoint = "rcv_bytes_free")]
    internal static partial void BytesFree(nint owner);

    [LibraryImport(Library, EntryPoint = "rcv_resize")]
    internal static partial int Resize(MatHandle source, MatHandle target, int width, int height, double fx, double fy, int interpolation);

    [LibraryImport(Library, EntryPoint = "rcv_cvt_color")]
    internal static partial int CvtColor(MatHandle source, MatHandle target, int code, int channels);

    [LibraryImport(Library, EntryPoint = "rcv_flip")]
    internal static partial int Flip(MatHandle source, MatHandle target, int code);

    [LibraryImport(Library, EntryPoint = "rcv_rectangle")]
    internal static partial int Rectangle(MatHandle mat, int x1, int y1, int x2, int y2, double* colour, int thickness, int line, int shift);

    [LibraryImport(Library, EntryPoint = "rcv_line")]
    internal static partial int Line(MatHandle mat, int x1, int y1, int x2, int y2, double* colour, int thickness, int line, int shift);

    [LibraryImport(Library, EntryPoint = "rcv_fill_poly")]
    internal static partial int FillPoly(
        MatHandle mat, int[] points, int[] counts, int polygons, double* colour, int line, int shift, int dx, int dy);

    [LibraryImport(Library, EntryPoint = "rcv_put_text", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int PutText(
        MatHandle mat, string text, int x, int y, int font, double scale, double* colour, int thickness, int line, int bottomLeft);

    [LibraryImport(Library, EntryPoint = "rcv_text_size", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int TextSize(string text, int font, double scale, int thickness, out int width, out int height, out int baseline);

    [LibraryImport(Library, EntryPoint = "rcv_threads_set")]
    internal static partial int ThreadsSet(int count);

    [LibraryImport(Library, EntryPoint = "rcv_threads_get")]
    internal static partial int ThreadsGet();

    [LibraryImport(Library, EntryPoint = "rcv_quiet")]
    private static partial void Quiet();

    [LibraryImport(Library, EntryPoint = "rcv_error")]
    private static partial byte* Error(out byte* function, out int code, out int line);

    [StructLayout(LayoutKind.Sequential)]
    internal struct MatHeader
    {
        public int Rows;
        public int Cols;
        public int Type;
        public int Continuous;
        public long Step;
        public nint Data;
    }
}
