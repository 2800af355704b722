using System.Runtime.InteropServices;
using OpenCvSharp;

namespace Rcnn.Tests.Data;

public sealed class OpenCvTests
{
    [Fact]
    public void Mat_UsedAfterDispose_IsAnExceptionNotACrash()
    {
        var mat = new Mat(3, 4, MatType.CV_8UC3, Scalar.All(9));
        mat.Dispose();
        mat.Dispose();
        Assert.True(mat.IsDisposed);
        Assert.Throws<ObjectDisposedException>(() => mat.Rows);
        Assert.Throws<ObjectDisposedException>(() => mat.Data);
        Assert.Throws<ObjectDisposedException>(() => mat.Clone());
        Assert.Throws<ObjectDisposedException>(() => Cv2.Line(mat, default, default, default));
        using var other = new Mat();
        Assert.Throws<ObjectDisposedException>(() => Cv2.Flip(other, mat, FlipMode.Y));
        Assert.Throws<ObjectDisposedException>(() => mat.CopyTo(other));
    }

    [Fact]
    public void Mat_OverAnArray_WritesIntoIt()
    {
        var pixels = new byte[2 * 3 * 3];
        using (Mat mat = Mat.FromPixelData(2, 3, MatType.CV_8UC3, pixels))
        {
            Cv2.Rectangle(mat, new Rect(1, 0, 1, 2), new Scalar(1, 2, 3), -1);
            Assert.Equal((2, 3, 3, 9L), (mat.Rows, mat.Cols, mat.Channels(), mat.Step()));
            Assert.True(mat.IsContinuous());
        }

        Assert.Equal([0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0], pixels);
    }

    [Fact]
    public void Mat_OverAnArrayThatIsTooSmall_IsRefused()
    {
        var e = Assert.Throws<ArgumentException>(() => Mat.FromPixelData(2, 3, MatType.CV_32FC3, new byte[71]));
        Assert.Contains("72 bytes, the array has 71", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mat_OverAnArray_KeepsItInPlaceWhileTheCollectorRuns()
    {
        var mats = new List<(Mat Mat, byte[] Array)>();
        for (int i = 0; i < 50; i++)
        {
            byte[] array = new byte[300];
            mats.Add((Mat.FromPixelData(10, 10, MatType.CV_8UC3, array), array));
            _ = new byte[1000];
        }

        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
        foreach ((Mat mat, byte[] array) in mats)
        {
            Marshal.WriteByte(mat.Data, 299, 42);
            Assert.Equal(42, array[299]);
            mat.Dispose();
        }
    }

    [Fact]
    public void Clone_IsIndependent()
    {
        using var mat = new Mat(1, 1, MatType.CV_8UC1, Scalar.All(5));
        using Mat clone = mat.Clone();
        Marshal.WriteByte(mat.Data, 6);
        Assert.Equal(5, Marshal.ReadByte(clone.Data));
    }

    [Fact]
    public void Error_IsOpenCvsOwnMessage()
    {
        using var empty = new Mat();
        using var target = new Mat();
        var e = Assert.Throws<OpenCVException>(() => Cv2.Resize(empty, target, new Size(4, 4)));
        Assert.Contains("ssize.empty()", e.Message, StringComparison.Ordinal);
        Assert.Equal("resize", e.FuncName);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void ReadingNoImage_GivesAnEmptyMatrix()
    {
        using Mat missing = Cv2.ImRead("/no/such/file.png");
        using Mat garbage = Cv2.ImDecode([1, 2, 3], ImreadModes.Color);
        Assert.True(missing.Empty());
        Assert.True(garbage.Empty());
        Assert.Equal(new Size(0, 0), garbage.Size());
    }

    [Fact]
    public void Flip_MirrorsColumns()
    {
        using Mat mat = Mat.FromPixelData(1, 3, MatType.CV_8UC1, new byte[] { 1, 2, 3 });
        using var flipped = new Mat();
        Cv2.Flip(mat, flipped, FlipMode.Y);
        Assert.Equal([3, 2, 1], Bytes(flipped));
    }

    [Fact]
    public void FillPoly_WithAHole_LeavesItEmpty()
    {
        using var mat = new Mat(9, 9, MatType.CV_8UC1, Scalar.All(0));
        Point[] Square(int a, int b) => [new(a, a), new(b, a), new(b, b), new(a, b)];
        Cv2.FillPoly(mat, [Square(0, 8), Square(3, 5)], Scalar.All(255));
        byte[] pixels = Bytes(mat);
        Assert.Equal(255, pixels[9 * 1 + 1]);
        Assert.Equal(0, pixels[9 * 4 + 4]);
    }

    [Fact]
    public void Text_StaysWithinItsMeasuredSize()
    {
        Size size = Cv2.GetTextSize("Ag", HersheyFonts.HersheySimplex, 1, 1, out int baseLine);
        using var mat = new Mat(60, 80, MatType.CV_8UC1, Scalar.All(0));
        Cv2.PutText(mat, "Ag", new Point(10, 40), HersheyFonts.HersheySimplex, 1, Scalar.All(255));
        int[] drawn = [.. Bytes(mat).Select((p, i) => (p, i)).Where(t => t.p > 0).Select(t => t.i)];
        Assert.NotEmpty(drawn);
        Assert.All(drawn, i => Assert.InRange(i % 80, 9, 11 + size.Width));
        Assert.All(drawn, i => Assert.InRange(i / 80, 39 - size.Height, 41 + baseLine));
    }

    [Fact]
    public void Matrices_UsedFromManyThreads_GiveTheSameResult()
    {
        byte[] source = DataFolder.Pattern(64, 48).Pixels;
        byte[][] results = new byte[16][];
        Parallel.For(0, results.Length, i =>
        {
            using Mat mat = Mat.FromPixelData(48, 64, MatType.CV_8UC3, source);
            using var half = new Mat();
            Cv2.Resize(mat, half, new Size(32, 24), interpolation: InterpolationFlags.Area);
            results[i] = Bytes(half);
        });
        Assert.All(results, r => Assert.Equal(results[0], r));
    }

    private static byte[] Bytes(Mat mat)
    {
        var bytes = new byte[mat.Rows * mat.Cols * mat.Channels()];
        Marshal.Copy(mat.Data, bytes, 0, bytes.Length);
        return bytes;
    }
}
