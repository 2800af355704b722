using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Codes, overlaps and anchors by kernel. Overlaps and anchors equal the CPU's to the bit; codes up to the last bits of exp and log.</summary>
internal static class BoxesCuda
{
    public const int Threads = 256;

    public static Tensor Encode(IKernelLauncher launcher, BoxCoder coder, Tensor references, Tensor proposals)
    {
        KernelTensor.Float32(references, nameof(references), references, -1, 4);
        KernelTensor.Float32(proposals, nameof(proposals), references, references.shape[0], 4);
        using Tensor r = references.contiguous(), p = proposals.contiguous();
        Tensor codes = empty([r.shape[0], 4], float32, r.device);
        (float x, float y, float width, float height, _, float extra) = coder.Parameters;
        launcher.Launch(new("boxes", "boxes_encode"), KernelGrid.Over(r.shape[0], Threads), Threads, r, p, r.shape[0], x, y, width, height, extra, codes);
        return codes;
    }

    public static Tensor Decode(IKernelLauncher launcher, BoxCoder coder, Tensor codes, Tensor boxes)
    {
        KernelTensor.Float32(codes, nameof(codes), codes, -1, -1);
        KernelTensor.Float32(boxes, nameof(boxes), codes, codes.shape[0], 4);
        if (codes.shape[1] % 4 != 0)
        {
            throw new ArgumentException($"codes [{boxes.shape[0]},4·C] expected for {boxes.shape[0]} boxes, got {OperatorInput.Shape(codes)}", nameof(codes));
        }

        using Tensor d = codes.contiguous(), b = boxes.contiguous();
        long count = d.shape[0], classes = d.shape[1] / 4;
        Tensor result = empty([count, classes, 4], float32, d.device);
        (float x, float y, float width, float height, float clip, float extra) = coder.Parameters;
        launcher.Launch(new("boxes", "boxes_decode"), KernelGrid.Over(count * classes, Threads), Threads, d, b, count, (int)classes, x, y, width, height, clip, extra, result);
        return result;
    }

    public static Tensor Overlaps(IKernelLauncher launcher, Tensor boxes1, Tensor boxes2, bool generalized, float extra)
    {
        KernelTensor.Float32(boxes1, nameof(boxes1), boxes1, -1, 4);
        KernelTensor.Float32(boxes2, nameof(boxes2), boxes1, -1, 4);
        using Tensor a = boxes1.contiguous(), b = boxes2.contiguous();
        long rows = a.shape[0], columns = b.shape[0];
        Tensor result = empty([rows, columns], float32, a.device);
        launcher.Launch(new("boxes", "boxes_overlaps"), KernelGrid.Over(rows * columns, Threads), Threads, a, b, rows, (int)columns, generalized, extra, result);
        return result;
    }

    /// <summary>Fills the anchors of one level.</summary>
    /// <param name="cell">[A,4]: those of one cell</param>
    /// <param name="columns">Cells of a row of the map.</param>
    /// <param name="anchors">[H·W·A,4]</param>
    public static void Anchors(IKernelLauncher launcher, float[] cell, int columns, (int Y, int X) stride, Tensor anchors)
    {
        using Tensor corners = tensor(cell).to(anchors.device);
        launcher.Launch(new("boxes", "boxes_anchors"), KernelGrid.Over(anchors.shape[0], Threads), Threads,
            corners, cell.Length / 4, columns, anchors.shape[0], stride.X, stride.Y, anchors);
    }
}
