using OpenCvSharp;

namespace Rcnn.Core.Data;

/// <summary>Reads and writes image files. Safe to call from several threads; OpenCV itself runs on one thread per call.</summary>
public static class ImageFile
{
    /// <summary>Quality of written JPEG files.</summary>
    public const int JpegQuality = 92;

    /// <summary>Larger images are refused before they are decoded: a few kilobytes of PNG can claim any size.</summary>
    public const long MaxPixels = 1L << 28;

    static ImageFile() => Cv2.SetNumThreads(1);

    /// <summary>Decodes a file to RGB. Grey, palette, CMYK, alpha and 16-bit files are converted; EXIF orientation is ignored.</summary>
    /// <exception cref="RcnnException">Missing, unreadable, truncated or no image; names the file and its byte count.</exception>
    public static RgbImage Read(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RcnnException($"{path}: no such image", inner: e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RcnnException($"{path}: {e.Message}", inner: e);
        }

        return Decode(bytes, path);
    }

    /// <summary>Decodes a file in memory; <paramref name="name"/> stands in messages.</summary>
    /// <exception cref="RcnnException">Truncated or no image.</exception>
    public static RgbImage Decode(byte[] bytes, string name)
    {
        // libjpeg fills what is missing with grey and reports success, so the end is looked for here.
        if (ImageIntegrity.Problem(bytes) is { } problem)
        {
            throw new RcnnException($"{name}: {problem} ({bytes.Length} bytes)");
        }

        if (ImageIntegrity.Size(bytes) is { } size && (long)size.Width * size.Height > MaxPixels)
        {
            throw new RcnnException($"{name}: an image of {size.Width}×{size.Height} has more than {MaxPixels} pixels");
        }

        try
        {
            using Mat bgr = Cv2.ImDecode(bytes, ImreadModes.Color | ImreadModes.IgnoreOrientation);
            if (bgr.Empty())
            {
                throw new RcnnException($"{name}: cannot be decoded as an image ({bytes.Length} bytes)");
            }

            byte[] pixels = GC.AllocateUninitializedArray<byte>(bgr.Rows * bgr.Cols * 3);
            using Mat rgb = Mat.FromPixelData(bgr.Rows, bgr.Cols, MatType.CV_8UC3, pixels);
            Cv2.CvtColor(bgr, rgb, ColorConversionCodes.BGR2RGB);
            return new RgbImage(bgr.Rows, bgr.Cols, pixels);
        }
        catch (OpenCVException e)
        {
            throw new RcnnException($"{name}: cannot be decoded as an image ({bytes.Length} bytes): {e.Message}", inner: e);
        }
    }

    /// <summary>Writes JPEG or PNG by the extension of <paramref name="path"/>: to a temporary name first, so no half-written file stays.</summary>
    /// <exception cref="RcnnException">Another extension, or the folder cannot be written.</exception>
    public static void Write(string path, RgbImage image)
    {
        byte[] bytes = Encode(image, Path.GetExtension(path));
        string temporary = path + ".tmp";
        try
        {
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RcnnException($"{path}: {e.Message}", inner: e);
        }
    }

    /// <summary>Encodes as ".jpg", ".jpeg" or ".png" (in any case).</summary>
    /// <exception cref="RcnnException">Another extension.</exception>
    public static byte[] Encode(RgbImage image, string extension)
    {
        ImageEncodingParam[] options = extension.ToLowerInvariant() switch
        {
            ".jpg" or ".jpeg" => [new ImageEncodingParam(ImwriteFlags.JpegQuality, JpegQuality)],
            ".png" => [new ImageEncodingParam(ImwriteFlags.PngCompression, 6)],
            _ => throw RcnnException.Usage($"images are written as .jpg or .png, not '{extension}'"),
        };
        using Mat rgb = Mat.FromPixelData(image.Height, image.Width, MatType.CV_8UC3, image.Pixels);
        using var bgr = new Mat();
        Cv2.CvtColor(rgb, bgr, ColorConversionCodes.RGB2BGR);
        if (!Cv2.ImEncode(extension.ToLowerInvariant(), bgr, out byte[] bytes, options))
        {
            throw new RcnnException($"an image of {image.Height}×{image.Width} could not be encoded as {extension}");
        }

        return bytes;
    }

    /// <summary>Resizes with OpenCV; <see cref="InterpolationFlags.Area"/> is the one to shrink photos with.</summary>
    public static RgbImage Resize(RgbImage image, int height, int width, InterpolationFlags interpolation)
    {
        if (height <= 0 || width <= 0)
        {
            throw new ArgumentException($"an image cannot be resized to {height}×{width}");
        }

        byte[] pixels = GC.AllocateUninitializedArray<byte>(height * width * 3);
        using Mat source = Mat.FromPixelData(image.Height, image.Width, MatType.CV_8UC3, image.Pixels);
        using Mat target = Mat.FromPixelData(height, width, MatType.CV_8UC3, pixels);
        Cv2.Resize(source, target, new Size(width, height), interpolation: interpolation);
        return new RgbImage(height, width, pixels);
    }
}
