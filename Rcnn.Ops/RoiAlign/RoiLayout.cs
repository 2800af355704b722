using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Memory layouts of [N,C,H,W] tensors at the border of the RoI operators.</summary>
internal static class RoiLayout
{
    /// <summary>Channels-last and nothing else: a tensor that is both (one channel, one cell) counts as contiguous.</summary>
    public static bool IsChannelsLast(Tensor t) => !t.is_contiguous() && Engine.IsChannelsLast(t);

    /// <summary>[n,c,h,w] float32, contents undefined.</summary>
    public static Tensor Empty(long n, long c, long h, long w, bool channelsLast)
    {
        Tensor result = channelsLast ? empty_strided([n, c, h, w], [h * w * c, 1, w * c, c], float32) : empty([n, c, h, w], float32);
        HugePages.Advise(Engine.Pointer(result), n * c * h * w * sizeof(float));
        return result;
    }
}

/// <summary>Features in channels-last memory: the tensor's own where it lies so, else a pooled copy.</summary>
internal readonly unsafe struct ChannelsLastFeatures : IDisposable
{
    private readonly Scratch<float> _copy;
    private readonly Tensor _source;

    public ChannelsLastFeatures(Tensor features)
    {
        long[] shape = features.shape;
        int batch = checked((int)shape[0]);
        (Channels, Height, Width) = (checked((int)shape[1]), checked((int)shape[2]), checked((int)shape[3]));
        if (RoiLayout.IsChannelsLast(features))
        {
            _source = features.alias();
            _copy = new Scratch<float>(1);
            Pointer = (float*)Engine.Pointer(_source);
            return;
        }

        _source = features.contiguous();
        _copy = new Scratch<float>(features.numel());
        Pointer = _copy.Pointer;
        Transpose.ToChannelsLast((float*)Engine.Pointer(_source), batch, Channels, Height * Width, Pointer);
    }

    public float* Pointer { get; }

    public int Channels { get; }

    public int Height { get; }

    public int Width { get; }

    public void Dispose()
    {
        _source.Dispose();
        _copy.Dispose();
    }
}
