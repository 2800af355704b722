using System.Globalization;
using OpenCvSharp;
using Rcnn.Core.Models.Input;
using Rcnn.Ops;

namespace Rcnn.Core.Data;

/// <summary>Draws boxes with class and score, and masks where there are, on images. Line width and text follow the size of the image.</summary>
public static class DetectionDrawing
{
    /// <summary>How much of a mask's pixel is its class's colour.</summary>
    private const int VeilPercent = 45;

    private const HersheyFonts Font = HersheyFonts.HersheySimplex;

    /// <summary>A copy of the image with the boxes on it; the highest score is on top. Boxes may leave the image.</summary>
    /// <param name="image">Is not changed.</param>
    /// <param name="boxes">In pixels of the image.</param>
    /// <param name="classNames">Name of label 1, 2, …; a label without a name is shown as its number.</param>
    public static RgbImage Draw(RgbImage image, IEnumerable<BoxLabel> boxes, IReadOnlyList<string> classNames)
    {
        var copy = new RgbImage(image.Height, image.Width, (byte[])image.Pixels.Clone());
        using Mat mat = Mat.FromPixelData(copy.Height, copy.Width, MatType.CV_8UC3, copy.Pixels);
        int thickness = Math.Max(1, (int)Math.Round(Math.Max(image.Width, image.Height) / 320.0));
        double scale = Math.Clamp(Math.Max(image.Width, image.Height) / 1000.0, 0.35, 2);
        BoxLabel[] ordered = [.. boxes.OrderBy(b => b.Score ?? 0)];
        foreach (BoxLabel box in ordered)
        {
            Veil(copy, box);
        }

        foreach (BoxLabel box in ordered)
        {
            Cv2.Rectangle(mat, TopLeft(box.Box, image), BottomRight(box.Box, image), Colour(box.Label), thickness);
        }

        // Text after all boxes, so that no line crosses it.
        foreach (BoxLabel box in ordered)
        {
            DrawText(mat, box, image, Name(box, classNames), scale, thickness);
        }

        return copy;
    }

    /// <summary>Draws the detections whose score is at least <paramref name="minimumScore"/>.</summary>
    /// <param name="paste">How masks are stretched over their boxes.</param>
    public static RgbImage Draw(
        RgbImage image, Detections detections, IReadOnlyList<string> classNames, double minimumScore = 0, MaskPasteConvention paste = MaskPasteConvention.Torchvision) =>
        Draw(image, Boxes(detections, new(image.Height, image.Width), paste).Where(b => b.Score >= minimumScore), classNames);

    /// <summary>Detections, ready to draw on an image of <paramref name="size"/>.</summary>
    /// <param name="paste">How masks are stretched over their boxes.</param>
    /// <param name="seen">Size of the image that the detector saw, in whose pixels the boxes are; null: <paramref name="size"/>.</param>
    public static IReadOnlyList<BoxLabel> Boxes(
        Detections detections, ImageSize size, MaskPasteConvention paste = MaskPasteConvention.Torchvision, ImageSize? seen = null)
    {
        ImageSize from = seen ?? size;
        double sx = (double)size.Width / from.Width, sy = (double)size.Height / from.Height;
        Rle[]? masks = null;
        if (detections.Masks is { } soft)
        {
            using TorchSharp.torch.Tensor stored = InputTransform.ScaleBoxes(detections.Boxes, from, size);
            masks = MaskPaste.Encode(soft, stored, (size.Height, size.Width), convention: paste);
        }

        float[] boxes = detections.Boxes.data<float>().ToArray(), scores = detections.Scores.data<float>().ToArray();
        long[] labels = detections.Labels.data<long>().ToArray();
        return [.. scores.Select((score, i) => new BoxLabel(
            new Box(boxes[4 * i] * sx, boxes[4 * i + 1] * sy, boxes[4 * i + 2] * sx, boxes[4 * i + 3] * sy), (int)labels[i], score, masks?[i]))];
    }

    /// <summary>The ground truth of a record, ready to draw.</summary>
    public static IEnumerable<BoxLabel> Boxes(ImageRecord record) => record.Objects.Where(o => !o.Crowd).Select(o => new BoxLabel(o.Box, o.Label, null, o.Segmentation));

    private static void Veil(RgbImage image, BoxLabel box)
    {
        if (box.Mask is null)
        {
            return;
        }

        BitmapMask mask = box.Mask.Rasterise(image.Height, image.Width);
        (byte r, byte g, byte b) = ClassColours.Of(box.Label);
        ReadOnlySpan<byte> inside = mask.Pixels;
        for (int i = inside.IndexOf((byte)1); i >= 0 && i < inside.Length; i++)
        {
            if (inside[i] != 0)
            {
                Span<byte> pixel = image.Pixels.AsSpan(3 * i, 3);
                (pixel[0], pixel[1], pixel[2]) = (Mix(pixel[0], r), Mix(pixel[1], g), Mix(pixel[2], b));
            }
        }
    }

    private static byte Mix(byte from, byte colour) => (byte)(((from * (100 - VeilPercent)) + (colour * VeilPercent) + 50) / 100);

    private static void DrawText(Mat mat, BoxLabel box, RgbImage image, string text, double scale, int thickness)
    {
        int weight = Math.Max(1, thickness / 2);
        Size size = Cv2.GetTextSize(text, Font, scale, weight, out int baseLine);
        int height = size.Height + baseLine + 2, width = size.Width + 4;
        Point corner = TopLeft(box.Box, image);

        // Above the box; where there is no room, inside it; always within the image.
        int x = Math.Clamp(corner.X, 0, Math.Max(0, image.Width - width));
        int y = corner.Y - height >= 0 ? corner.Y - height : Math.Min(corner.Y, Math.Max(0, image.Height - height));
        Cv2.Rectangle(mat, new Rect(x, y, width, height), Colour(box.Label), -1);
        Scalar ink = ClassColours.TakesBlackText(ClassColours.Of(box.Label)) ? Scalar.All(0) : Scalar.All(255);
        Cv2.PutText(mat, text, new Point(x + 2, y + size.Height + 1), Font, scale, ink, weight, LineTypes.AntiAlias);
    }

    private static string Name(BoxLabel box, IReadOnlyList<string> classNames)
    {
        string name = box.Label >= 1 && box.Label <= classNames.Count ? classNames[box.Label - 1] : box.Label.ToString(CultureInfo.InvariantCulture);
        return box.Score is { } score ? string.Create(CultureInfo.InvariantCulture, $"{name} {score:0.00}") : name;
    }

    // The first and last pixel inside a half-open box, kept near the image so that any float box can be drawn.
    private static Point TopLeft(Box box, RgbImage image) => new(Pixel(Math.Floor(box.X1), image.Width), Pixel(Math.Floor(box.Y1), image.Height));

    private static Point BottomRight(Box box, RgbImage image) =>
        new(Pixel(Math.Ceiling(box.X2) - 1, image.Width), Pixel(Math.Ceiling(box.Y2) - 1, image.Height));

    private static int Pixel(double value, int limit) => (int)Math.Clamp(double.IsFinite(value) ? value : 0, -limit, 2 * limit);

    // The matrix holds RGB, so the scalar does too.
    private static Scalar Colour(int label)
    {
        (byte r, byte g, byte b) = ClassColours.Of(label);
        return new Scalar(r, g, b);
    }
}
