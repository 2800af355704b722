using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Selection of hard examples on a device: a stable sort, and NMS by kernel.</summary>
internal static class HardExamplesCuda
{
    public static Tensor Top(Tensor loss, int count)
    {
        KernelTensor.Float32(loss, nameof(loss), loss, -1);
        using Tensor order = loss.detach().sort(0, descending: true, stable: true).Indices;
        return order.narrow(0, 0, Math.Min(count, order.shape[0])).clone();
    }

    public static Tensor TopAfterNms(IKernelLauncher launcher, Tensor boxes, Tensor loss, int count, double threshold)
    {
        KernelTensor.Float32(boxes, nameof(boxes), loss, -1, 4);
        KernelTensor.Float32(loss, nameof(loss), loss, boxes.shape[0]);
        (Tensor keep, Tensor kept) = NmsCuda.Select(launcher, boxes, loss.detach(), null, null, threshold, count);
        using Tensor k = keep, n = kept;
        return k.narrow(0, 0, n.to(int64).item<long>()).clone();
    }
}
