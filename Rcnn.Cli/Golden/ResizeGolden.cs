using OpenCvSharp;
using Rcnn.Core;
using Rcnn.Core.Data;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Cli.Golden;

/// <summary>The resizes of OpenCV, libtorch and Pillow on one uint8 image.</summary>
internal sealed class ResizeGolden : IGoldenCase
{
    public string Op => "resize";

    public void Run(GoldenContext c)
    {
        NpyArray input = c.Input("image_hwc_u8");
        long[] shape = input.Shape;
        if (shape.Length != 3 || shape[2] != 3)
        {
            throw new RcnnException($"inputs.image_hwc_u8: [H,W,3] expected, got {input.ShapeName}");
        }

        long[] size = c.Integers("out_hw");
        int height = checked((int)size[0]), width = checked((int)size[1]);
        var image = new RgbImage((int)shape[0], (int)shape[1], [.. input.ToLongs().Select(v => (byte)v)]);
        foreach (string output in c.OutputNames)
        {
            switch (output)
            {
                case "cv2_u8_linear":
                    Bytes(c, output, ImageFile.Resize(image, height, width, InterpolationFlags.Linear));
                    break;
                case "cv2_u8_area":
                    Bytes(c, output, ImageFile.Resize(image, height, width, InterpolationFlags.Area));
                    break;
                case "cv2_u8_nearest":
                    Bytes(c, output, ImageFile.Resize(image, height, width, InterpolationFlags.Nearest));
                    break;
                case "cv2_f32_linear":
                    c.Check(output, Linear(image, height, width), height, width, 3);
                    break;
                case "pil_u8_bilinear":
                    Bytes(c, output, PilResize.Bilinear(image, height, width));
                    break;
                case "torch_f32_bilinear":
                    Torch(c, output, size, InterpolationMode.Bilinear, false, false);
                    break;
                case "torch_f32_bilinear_antialias":
                    Torch(c, output, size, InterpolationMode.Bilinear, false, true);
                    break;
                case "torch_f32_bilinear_corners":
                    Torch(c, output, size, InterpolationMode.Bilinear, true, false);
                    break;
                case "torch_f32_nearest":
                    Torch(c, output, size, InterpolationMode.Nearest, null, false);
                    break;
            }
        }
    }

    private static void Bytes(GoldenContext c, string output, RgbImage image) => c.Check(output, image.Pixels, image.Height, image.Width, 3);

    /// <summary>OpenCV's bilinear resize of the image as float32 in [0,1].</summary>
    private static float[] Linear(RgbImage image, int height, int width)
    {
        float[] source = [.. image.Pixels.Select(p => p / 255f)], target = new float[height * width * 3];
        using Mat from = Mat.FromPixelData(image.Height, image.Width, MatType.CV_32FC3, source);
        using Mat to = Mat.FromPixelData(height, width, MatType.CV_32FC3, target);
        Cv2.Resize(from, to, new OpenCvSharp.Size(width, height));
        return target;
    }

    private static void Torch(GoldenContext c, string output, long[] size, InterpolationMode mode, bool? corners, bool antialias)
    {
        using Tensor image = c.Tensor("image_hwc_u8").permute(2, 0, 1).to(float32).div(255f).unsqueeze(0);
        using Tensor resized = F.interpolate(image, size, null, mode, corners, false, antialias);
        c.Check(output, resized.squeeze(0));
    }
}
