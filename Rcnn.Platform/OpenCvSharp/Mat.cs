using System.Runtime.InteropServices;

namespace OpenCvSharp;

/// <summary>
/// A matrix of pixels: <c>cv::Mat</c>. Any use after <see cref="Dispose"/> is an <see cref="ObjectDisposedException"/>;
/// a forgotten matrix is freed by the finalizer of its handle.
/// </summary>
public sealed unsafe class Mat : IDisposable
{
    private readonly MatHandle _handle;

    /// <summary>An empty matrix, for results.</summary>
    public Mat()
    {
        NativeMethods.Check(NativeMethods.MatNew(0, 0, 0, null, out _handle));
    }

    /// <summary>Pixels without a defined value.</summary>
    public Mat(int rows, int cols, MatType type)
    {
        NativeMethods.Check(NativeMethods.MatNew(rows, cols, type.Value, null, out _handle));
    }

    /// <summary>Every pixel set to <paramref name="s"/>.</summary>
    public Mat(int rows, int cols, MatType type, Scalar s)
    {
        double* fill = stackalloc double[] { s.Val0, s.Val1, s.Val2, s.Val3 };
        NativeMethods.Check(NativeMethods.MatNew(rows, cols, type.Value, fill, out _handle));
    }

    internal Mat(MatHandle handle) => _handle = handle;

    internal MatHandle Handle => _handle;

    public int Rows => Header.Rows;

    public int Cols => Header.Cols;

    public int Height => Header.Rows;

    public int Width => Header.Cols;

    /// <summary>Address of the first byte; valid until the matrix is disposed or written to as a result of another size.</summary>
    public nint Data => Header.Data;

    public bool IsDisposed => _handle.IsClosed;

    private NativeMethods.MatHeader Header
    {
        get
        {
            NativeMethods.MatInfo(_handle, out NativeMethods.MatHeader header);
            return header;
        }
    }

    /// <summary>
    /// A matrix over memory of the caller, which is neither copied nor freed and must outlive the matrix.
    /// <paramref name="step"/>: bytes from row to row, 0 for rows without padding.
    /// </summary>
    public static Mat FromPixelData(int rows, int cols, MatType type, nint data, long step = 0)
    {
        NativeMethods.Check(NativeMethods.MatWrap(rows, cols, type.Value, data, step, out MatHandle handle));
        return new Mat(handle);
    }

    /// <summary>A matrix over a managed array, which stays pinned until the matrix is disposed.</summary>
    /// <exception cref="ArgumentException">The array is smaller than the matrix.</exception>
    public static Mat FromPixelData(int rows, int cols, MatType type, Array data, long step = 0)
    {
        long needed = rows * (step == 0 ? (long)cols * type.ElemSize : step);
        long available = Buffer.ByteLength(data);
        if (available < needed)
        {
            throw new ArgumentException($"a matrix of {rows}×{cols} {type} needs {needed} bytes, the array has {available}", nameof(data));
        }

        GCHandle pin = GCHandle.Alloc(data, GCHandleType.Pinned);
        try
        {
            Mat mat = FromPixelData(rows, cols, type, pin.AddrOfPinnedObject(), step);
            mat._handle.Keep(pin);
            return mat;
        }
        catch
        {
            pin.Free();
            throw;
        }
    }

    public int Channels() => Type().Channels;

    public MatType Type() => new(Header.Type);

    /// <summary>Bytes from one row to the next.</summary>
    public long Step() => Header.Step;

    public bool Empty()
    {
        NativeMethods.MatHeader header = Header;
        return header.Rows == 0 || header.Cols == 0 || header.Data == 0;
    }

    public bool IsContinuous() => Header.Continuous != 0;

    public Size Size()
    {
        NativeMethods.MatHeader header = Header;
        return new Size(header.Cols, header.Rows);
    }

    public Mat Clone()
    {
        NativeMethods.Check(NativeMethods.MatClone(_handle, out MatHandle handle));
        return new Mat(handle);
    }

    public void CopyTo(Mat m) => NativeMethods.Check(NativeMethods.MatCopy(_handle, m._handle));

    public void Dispose() => _handle.Dispose();
}
