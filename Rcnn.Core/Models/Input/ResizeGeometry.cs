namespace Rcnn.Core.Models.Input;

/// <summary>
/// Where a resized pixel comes from: bilinear, pixel centres at +0.5, no antialiasing (torch's interpolate with align_corners = false).
/// Target pixel i reads source Low[i] and High[i], the latter with weight Fraction[i].
/// </summary>
internal sealed class ResizeGeometry
{
    public ResizeGeometry(int source, int target)
    {
        (Low, High, Fraction) = (new int[target], new int[target], new float[target]);
        float scale = (float)source / target;
        for (int i = 0; i < target; i++)
        {
            // In double, as torch: rounded to float32 the far end of a wide image would be 3e-5 of a pixel off.
            double position = Math.Max(0, scale * (i + 0.5) - 0.5);
            Low[i] = Math.Min((int)position, source - 1);
            High[i] = Math.Min(Low[i] + 1, source - 1);
            Fraction[i] = (float)(position - Low[i]);
        }
    }

    public int[] Low { get; }

    public int[] High { get; }

    public float[] Fraction { get; }

    /// <summary>
    /// The size after resizing: the shorter side to <see cref="InputConfig.MinSize"/> unless the longer would pass
    /// <see cref="InputConfig.MaxSize"/>; by default side = floor(side × scale) with the scale in float32, see <see cref="InputConfig.Resize"/>.
    /// </summary>
    public static ImageSize Target(ImageSize image, InputConfig config)
    {
        if (config.FixedSize is { } size)
        {
            return new(size[0], size[1]);
        }

        float shorter = Math.Min(image.Height, image.Width), longer = Math.Max(image.Height, image.Width);
        switch (config.Resize)
        {
            case "pil":
                return Half(image, config);
            case "cv2":
                double factor = config.MinSize / (double)shorter;
                factor = Math.Round(factor * longer) > config.MaxSize ? config.MaxSize / (double)longer : factor;
                return new((int)Math.Round(image.Height * factor), (int)Math.Round(image.Width * factor));
        }

        // torch divides a number by a tensor as reciprocal times number; the last bit decides at some sizes.
        double scale = MathF.Min(1 / shorter * config.MinSize, 1 / longer * config.MaxSize);
        return new((int)Math.Floor(image.Height * scale), (int)Math.Floor(image.Width * scale));
    }

    /// <summary>Detectron2's ResizeShortestEdge.</summary>
    private static ImageSize Half(ImageSize image, InputConfig config)
    {
        double scale = (double)config.MinSize / Math.Min(image.Height, image.Width);
        double height = image.Height < image.Width ? config.MinSize : scale * image.Height, width = image.Height < image.Width ? scale * image.Width : config.MinSize;
        double longer = Math.Max(height, width);
        if (longer > config.MaxSize)
        {
            double shrink = config.MaxSize / longer;
            (height, width) = (height * shrink, width * shrink);
        }

        return new((int)(height + 0.5), (int)(width + 0.5));
    }
}
