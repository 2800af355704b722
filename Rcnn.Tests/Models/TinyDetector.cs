using Rcnn.Core;
using Rcnn.Core.Models;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models;

/// <summary>Detectors small enough to train in a test, and scenes of bright rectangles on a dark ground.</summary>
internal static class TinyDetector
{
    public static DetectorConfig SingleMap { get; } = new()
    {
        Assembly = "faster-rcnn-c4",
        Classes = 3,
        Input = new() { MinSize = 96, MaxSize = 128 },
        Backbone = new() { Name = "tiny", Block = "basic", Layers = [1, 1, 1, 1], BaseWidth = 8, Fpn = false, LastBlock = 3, Norm = "frozen" },
        Rpn = new()
        {
            Anchors = new() { Sizes = [[16, 32, 64]] },
            PreNmsTrain = 100,
            PreNmsTest = 100,
            PostNmsTrain = 50,
            PostNmsTest = 50,
            BatchPerImage = 64,
        },
        Roi = new() { Levels = ["0"], HeadWidth = 64, BatchPerImage = 32 },
    };

    public static DetectorConfig Pyramid { get; } = SingleMap with
    {
        Assembly = "faster-rcnn-fpn",
        Backbone = SingleMap.Backbone with { Fpn = true, FpnChannels = 16, LastBlock = null },
        Rpn = SingleMap.Rpn with { Anchors = new() { Sizes = [[8], [16], [32], [64], [128]] } },
        Roi = SingleMap.Roi with { Levels = null },
    };

    public static DetectorConfig Mask { get; } = Pyramid with
    {
        Assembly = "mask-rcnn-fpn",
        Roi = Pyramid.Roi with { Mask = new() { Layers = [16, 16], Width = 16, PoolSize = 7 } },
    };

    /// <summary><see cref="Scene"/> with masks that leave out the lower right quarter of each box.</summary>
    public static (Tensor Image, Target Target) MaskedScene(int shift)
    {
        (Tensor image, Target target) = Scene(shift);
        Tensor masks = zeros([2, 96, 128], ScalarType.Byte);
        for (int k = 0; k < 2; k++)
        {
            float[] b = Floats(target.Boxes[k]);
            int x = (int)b[0], y = (int)b[1], w = (int)(b[2] - b[0]), h = (int)(b[3] - b[1]);
            masks[k].narrow(0, y, h).narrow(1, x, w).fill_(1);
            masks[k].narrow(0, y + h / 2, h - h / 2).narrow(1, x + w / 2, w - w / 2).fill_(0);
        }

        return (image, target with { Masks = masks });
    }

    /// <summary>An image [96,128,3] uint8 with a red object of class 1 and a green one of class 2, moved by <paramref name="shift"/> pixels.</summary>
    public static (Tensor Image, Target Target) Scene(int shift)
    {
        var pixels = new byte[96 * 128 * 3];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)(30 + (i * 7919 + shift * 104729) % 23);
        }

        int[][] boxes = [[10 + shift, 12, 42 + shift, 44], [70 - shift, 40 + shift, 118 - shift, 72 + shift]];
        for (int k = 0; k < 2; k++)
        {
            for (int y = boxes[k][1]; y < boxes[k][3]; y++)
            {
                for (int x = boxes[k][0]; x < boxes[k][2]; x++)
                {
                    pixels[(y * 128 + x) * 3 + k] = 230;
                }
            }
        }

        float[] corners = [.. boxes.SelectMany(b => b).Select(v => (float)v)];
        return (tensor(pixels, [96, 128, 3], ScalarType.Byte), new Target(tensor(corners, [2, 4]), tensor(new long[] { 1, 2 }), shift));
    }

    public static Target Empty() => new(zeros([0, 4]), zeros([0], ScalarType.Int64));

    /// <summary>All values of the state dictionary, in the order of its sorted names.</summary>
    public static float[] Values(nn.Module module) =>
        [.. module.state_dict().OrderBy(e => e.Key, StringComparer.Ordinal).SelectMany(e => Floats(e.Value))];

    public static float[] Floats(Tensor tensor)
    {
        using Tensor plain = tensor.detach().to(ScalarType.Float32).contiguous();
        return plain.data<float>().ToArray();
    }
}
