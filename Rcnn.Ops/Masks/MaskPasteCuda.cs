using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Pasting by kernel, one thread a pixel; to the bit as on the CPU.</summary>
internal static class MaskPasteCuda
{
    public static Tensor Apply(IKernelLauncher launcher, Tensor masks, Tensor boxes, (int Height, int Width) image, int padding, MaskPasteConvention convention)
    {
        KernelTensor.Float32(masks, nameof(masks), masks, -1, 1, -1, -1);
        KernelTensor.Float32(boxes, nameof(boxes), masks, masks.shape[0], 4);
        if (masks.shape[2] != masks.shape[3])
        {
            throw new ArgumentException($"masks [{boxes.shape[0]},1,M,M] expected, got {OperatorInput.Shape(masks)}", nameof(masks));
        }

        OperatorInput.Positive(image.Height, nameof(image));
        OperatorInput.Positive(image.Width, nameof(image));
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        using Tensor m = masks.detach().contiguous(), b = boxes.contiguous();
        long count = m.shape[0];
        bool centres = convention == MaskPasteConvention.Detectron2;
        if (m.shape[2] == 0)
        {
            return zeros([count, 1, image.Height, image.Width], float32, m.device);
        }

        const int Threads = 256;
        Tensor result = empty([count, 1, image.Height, image.Width], float32, m.device);
        launcher.Launch(new("mask_paste", "mask_paste"), KernelGrid.Over(result.numel(), Threads), Threads,
            m, b, count, (int)m.shape[2], image.Height, image.Width, centres ? 1 : padding, centres, result);
        return result;
    }
}
