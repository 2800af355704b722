using TorchSharp.Interop;

namespace TorchSharp;

/// <summary>Restores, when it ends, whether this thread records operations for backward.</summary>
internal sealed class AutoGradMode : IDisposable
{
    private readonly int _previous;
    private bool _disposed;

    internal AutoGradMode(bool enabled)
    {
        _previous = Native.rcnn_grad_enabled();
        Native.rcnn_set_grad_enabled(enabled ? 1 : 0);
    }

    internal static bool IsEnabled => Native.rcnn_grad_enabled() != 0;

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Native.rcnn_set_grad_enabled(_previous);
        }
    }
}

/// <summary>No recording and no version counting; tensors made in it can never enter autograd. End it on the thread that began it.</summary>
internal sealed unsafe class InferenceMode : IDisposable
{
    private void* _guard;

    internal InferenceMode(bool mode) => _guard = Native.rcnn_inference_enter(mode ? 1 : 0);

    public void Dispose()
    {
        if (_guard != null)
        {
            Native.rcnn_inference_exit(_guard);
            _guard = null;
        }
    }
}

public static partial class torch
{
    public static IDisposable no_grad() => new AutoGradMode(false);

    public static IDisposable enable_grad(bool enabled = true) => new AutoGradMode(enabled);

    public static IDisposable set_grad_enabled(bool mode = true) => new AutoGradMode(mode);

    public static bool is_grad_enabled() => AutoGradMode.IsEnabled;

    public static IDisposable inference_mode(bool mode = true) => new InferenceMode(mode);

    public static bool is_inference_mode_enabled() => Native.rcnn_inference_enabled() != 0;
}
