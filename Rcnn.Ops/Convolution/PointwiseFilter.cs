using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// The weights of a 1×1 convolution, packed once for <see cref="Conv1x1"/> in panels of two registers' width. As much memory as the weights, up to a panel more.
/// Not changed when the weights change: make a new one.
/// </summary>
public sealed unsafe class PointwiseFilter : IDisposable
{
    private readonly Scratch<float> _panels;
    private readonly Scratch<float> _bias;
    private bool _disposed;

    /// <param name="weight">[K,C,1,1] float32 on the CPU.</param>
    /// <param name="bias">[K] float32, or null.</param>
    /// <param name="scale">[K] float32 factor on each output's weights (a folded normalisation), or null.</param>
    /// <exception cref="ArgumentException">Other shapes or types.</exception>
    public PointwiseFilter(Tensor weight, Tensor? bias, Tensor? scale = null)
    {
        if (weight.dtype != ScalarType.Float32 || weight.shape is not [_, _, 1, 1])
        {
            throw new ArgumentException($"weight float32 [K,C,1,1] expected, got {weight.dtype} [{string.Join(",", weight.shape)}]", nameof(weight));
        }

        (Outputs, Inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        float[] factors = ChannelVector.Read(scale, nameof(scale), Outputs, 1), shifts = ChannelVector.Read(bias, nameof(bias), Outputs, 0);
        PanelWidth = 2 * (Vector512.IsHardwareAccelerated ? Lanes512.Count : Vector256.IsHardwareAccelerated ? Lanes256.Count : Lanes128.Count);
        Panels = (Outputs + PanelWidth - 1) / PanelWidth;
        _panels = new Scratch<float>((long)Panels * Inputs * PanelWidth);
        _bias = new Scratch<float>(Panels * PanelWidth);
        new Span<float>(_bias.Pointer, Panels * PanelWidth).Clear();
        shifts.CopyTo(new Span<float>(_bias.Pointer, Outputs));
        using Tensor packed = weight.detach().contiguous();
        Pack((float*)Engine.Pointer(packed), factors);
        GC.KeepAlive(packed);
    }

    /// <summary>A filter that nobody disposed gives its memory back all the same.</summary>
    ~PointwiseFilter() => Release();

    /// <summary>K, channels of the result.</summary>
    public int Outputs { get; }

    /// <summary>C, channels of the input.</summary>
    public int Inputs { get; }

    internal int PanelWidth { get; }

    internal int Panels { get; }

    /// <summary>[Panels·PanelWidth], zero beyond K.</summary>
    internal float* Bias => _bias.Pointer;

    /// <summary>[C,PanelWidth], zero beyond K.</summary>
    internal float* Panel(int panel) => _panels.Pointer + (long)panel * Inputs * PanelWidth;

    /// <summary>Gives the memory back to the pool.</summary>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (!_disposed)
        {
            _disposed = true;
            _panels.Dispose();
            _bias.Dispose();
        }
    }

    private void Pack(float* weight, float[] scale) => ParallelLoop.Run(Panels, panel =>
    {
        float* to = Panel(panel);
        for (int column = 0; column < PanelWidth; column++)
        {
            int k = panel * PanelWidth + column;
            float* from = weight + (long)Math.Min(k, Outputs - 1) * Inputs;
            float factor = k < Outputs ? scale[k] : 0;
            for (int c = 0; c < Inputs; c++)
            {
                to[(long)c * PanelWidth + column] = k < Outputs ? factor * from[c] : 0;
            }
        }
    });
}
