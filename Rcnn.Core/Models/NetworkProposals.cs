using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using static TorchSharp.torch;

namespace Rcnn.Core.Models;

/// <summary>Stage 1 of a trained detector as a proposal method. One thread at a time computes.</summary>
/// <param name="detector">In evaluation mode.</param>
/// <param name="name">Of the run or weights it comes from.</param>
/// <param name="train">The limits for training, else those for testing.</param>
public sealed class NetworkProposals(TwoStageDetector detector, string name, bool train) : IProposalMethod
{
    private readonly Lock _lock = new();

    public string Name => name;

    public Box[] Propose(RgbImage image)
    {
        lock (_lock)
        {
            using var scope = NewDisposeScope();
            using IDisposable inference = inference_mode();
            Tensor boxes = detector.ProposeRegions([tensor(image.Pixels, [image.Height, image.Width, 3], dtype: uint8)], train)[0];
            float[] values = [.. boxes.data<float>()];
            return [.. Enumerable.Range(0, values.Length / 4).Select(i => new Box(values[4 * i], values[(4 * i) + 1], values[(4 * i) + 2], values[(4 * i) + 3]))];
        }
    }
}
