using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Core.Training;

/// <summary>
/// In which type layers compute while training (<see cref="TrainConfig.Precision"/>). Weights, gradients, optimizer, operators and losses stay float32; validation and
/// detection too.
/// </summary>
public sealed class Precision
{
    private readonly ScalarType? _type;
    private readonly DeviceType _device;

    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="device">Where the model is.</param>
    /// <exception cref="RcnnException">An unknown name, or float16 where there is none. Exit code 2.</exception>
    public Precision(string name, DeviceType device)
    {
        Validate(name);
        if (name == "float16" && device != DeviceType.CUDA)
        {
            throw RcnnException.Usage($"precision={name}: a CUDA device expected, the model is on {device}; bfloat16 works there");
        }

        _device = device;
        _type = name switch
        {
            "bfloat16" => ScalarType.BFloat16,
            "float16" => ScalarType.Float16,
            _ => null,
        };
        Scaler = name == "float16" ? new LossScaler() : null;
    }

    public static IReadOnlyList<string> Names { get; } = ["float32", "bfloat16", "float16"];

    /// <summary>Only float16 needs one: bfloat16 has float32's exponents.</summary>
    public LossScaler? Scaler { get; }

    /// <summary>For the forward pass; null with float32.</summary>
    public IDisposable? Autocast() => _type is { } type ? Engine.Autocast(_device, type) : null;

    internal static void Validate(string name)
    {
        if (!Names.Contains(name))
        {
            throw RcnnException.Usage($"precision={name}: one of {string.Join(", ", Names)} expected");
        }
    }
}
