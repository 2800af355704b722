using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// The weights of a 3×3 convolution, transformed once for <see cref="Conv3x3"/>: 36 matrices [C,K], stored in panels of two registers' width.
/// Four times the memory of the weights. Not changed when the weights change: make a new one.
/// </summary>
public sealed unsafe class WinogradFilter : IDisposable
{
    private readonly Scratch<float> _panels;
    private readonly Scratch<float> _bias;
    private bool _disposed;

    /// <param name="weight">[K,C,3,3] float32 on the CPU.</param>
    /// <param name="bias">[K] float32, or null.</param>
    /// <param name="scale">[K] float32 factor on each output's weights (a folded normalisation), or null.</param>
    /// <exception cref="ArgumentException">Other shapes or types.</exception>
    public WinogradFilter(Tensor weight, Tensor? bias, Tensor? scale = null)
    {
        if (CpuDetour.Needed(weight))
        {
            throw new NotSupportedException($"WinogradFilter is of the CPU alone, got weight on {weight.device}: nn.functional.conv2d takes it as it is");
        }

        if (weight.dtype != ScalarType.Float32 || weight.shape is not [_, _, 3, 3])
        {
            throw new ArgumentException($"weight float32 [K,C,3,3] expected, got {weight.dtype} [{string.Join(",", weight.shape)}]", nameof(weight));
        }

        (Outputs, Inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        float[] factors = Vector(scale, nameof(scale), 1), shifts = Vector(bias, nameof(bias), 0);
        PanelWidth = 2 * (Vector512.IsHardwareAccelerated ? Lanes512.Count : Vector256.IsHardwareAccelerated ? Lanes256.Count : Lanes128.Count);
        Panels = (Outputs + PanelWidth - 1) / PanelWidth;
        _panels = new Scratch<float>((long)Winograd.Products * Panels * Inputs * PanelWidth);
        _bias = new Scratch<float>(Panels * PanelWidth);
        new Span<float>(_bias.Pointer, Panels * PanelWidth).Clear();
        shifts.CopyTo(new Span<float>(_bias.Pointer, Outputs));
        using Tensor packed = weight.detach().contiguous();
        Transform((float*)Engine.Pointer(packed), factors);
        GC.KeepAlive(packed);
    }

    /// <summary>A filter that nobody disposed gives its memory back all the same.</summary>
    ~WinogradFilter() => Release();

    /// <summary>K, channels of the result.</summary>
    public int Outputs { get; }

    /// <summary>C, channels of the input.</summary>
    public int Inputs { get; }

    internal int PanelWidth { get; }

    internal int Panels { get; }

    /// <summary>[Panels·PanelWidth], zero beyond K.</summary>
    internal float* Bias => _bias.Pointer;

    /// <summary>[C,PanelWidth] of product <paramref name="product"/>.</summary>
    internal float* Panel(int product, int panel) => _panels.Pointer + ((long)product * Panels + panel) * Inputs * PanelWidth;

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

    private float[] Vector(Tensor? values, string name, float missing)
    {
        if (values is null)
        {
            var constant = new float[Outputs];
            Array.Fill(constant, missing);
            return constant;
        }

        if (values.dtype != ScalarType.Float32 || values.numel() != Outputs)
        {
            throw new ArgumentException($"{name} float32 [{Outputs}] expected, got {values.dtype} [{string.Join(",", values.shape)}]", name);
        }

        using Tensor packed = values.detach().contiguous();
        return packed.data<float>().ToArray();
    }

    private void Transform(float* weight, float[] scale)
    {
        double[] matrix = Winograd.FilterMatrix();
        ParallelLoop.Run(Panels, panel =>
        {
            const int n = Winograd.Inputs;
            Span<double> half = stackalloc double[3 * n];
            for (int column = 0; column < PanelWidth; column++)
            {
                int k = panel * PanelWidth + column;
                for (int c = 0; c < Inputs; c++)
                {
                    float* g = weight + ((long)Math.Min(k, Outputs - 1) * Inputs + c) * 9;
                    double factor = k < Outputs ? scale[k] : 0;
                    for (int i = 0; i < n; i++)
                    {
                        for (int x = 0; x < 3; x++)
                        {
                            half[i * 3 + x] = factor * (matrix[3 * i] * g[x] + matrix[3 * i + 1] * g[3 + x] + matrix[3 * i + 2] * g[6 + x]);
                        }
                    }

                    float* to = Panel(0, panel) + c * PanelWidth + column;
                    long step = (long)Panels * Inputs * PanelWidth;
                    for (int i = 0; i < n; i++)
                    {
                        for (int j = 0; j < n; j++, to += step)
                        {
                            *to = (float)(matrix[3 * j] * half[3 * i] + matrix[3 * j + 1] * half[3 * i + 1] + matrix[3 * j + 2] * half[3 * i + 2]);
                        }
                    }
                }
            }
        });
    }
}
