using OpenCvSharp;

namespace Rcnn.Core.Data;

/// <summary>Several images in one grid, each fitted into a cell of the same size, with a caption below.</summary>
public static class ContactSheet
{
    private const int Gap = 6;
    private const int CaptionHeight = 18;

    /// <summary>Composes row after row.</summary>
    /// <param name="images">Image and caption; an empty caption takes no room if all are empty. ASCII.</param>
    /// <param name="columns">Images in a row.</param>
    /// <param name="cellWidth">Pixels; an image is shrunk or enlarged to fit.</param>
    /// <param name="cellHeight">Pixels.</param>
    /// <exception cref="ArgumentException">No images, or a size that is not positive.</exception>
    public static RgbImage Compose(IReadOnlyList<(RgbImage Image, string Caption)> images, int columns, int cellWidth, int cellHeight)
    {
        if (images.Count == 0 || columns <= 0 || cellWidth <= 0 || cellHeight <= 0)
        {
            throw new ArgumentException($"a sheet of {images.Count} images, {columns} columns, cells of {cellWidth}×{cellHeight}");
        }

        columns = Math.Min(columns, images.Count);
        int caption = images.All(i => i.Caption.Length == 0) ? 0 : CaptionHeight;
        int rows = (images.Count + columns - 1) / columns;
        int width = Gap + columns * (cellWidth + Gap), height = Gap + rows * (cellHeight + caption + Gap);
        var sheet = new RgbImage(height, width, new byte[height * width * 3]);
        Array.Fill(sheet.Pixels, (byte)255);
        using Mat mat = Mat.FromPixelData(height, width, MatType.CV_8UC3, sheet.Pixels);
        for (int i = 0; i < images.Count; i++)
        {
            (RgbImage image, string text) = images[i];
            (int row, int column) = Math.DivRem(i, columns);
            int left = Gap + column * (cellWidth + Gap), top = Gap + row * (cellHeight + caption + Gap);
            double scale = Math.Min(cellWidth / (double)image.Width, cellHeight / (double)image.Height);
            int w = Math.Max(1, (int)(image.Width * scale)), h = Math.Max(1, (int)(image.Height * scale));
            RgbImage fitted = w == image.Width && h == image.Height
                ? image
                : ImageFile.Resize(image, h, w, scale < 1 ? InterpolationFlags.Area : InterpolationFlags.Linear);
            Paste(sheet, fitted, left + (cellWidth - w) / 2, top + (cellHeight - h) / 2);
            if (text.Length > 0)
            {
                Cv2.PutText(mat, text, new Point(left, top + cellHeight + 13), HersheyFonts.HersheySimplex, 0.4, Scalar.All(40), 1, LineTypes.AntiAlias);
            }
        }

        return sheet;
    }

    private static void Paste(RgbImage sheet, RgbImage image, int left, int top)
    {
        for (int y = 0; y < image.Height; y++)
        {
            image.Pixels.AsSpan(y * image.Width * 3, image.Width * 3).CopyTo(sheet.Pixels.AsSpan(((top + y) * sheet.Width + left) * 3));
        }
    }
}
