using System.Runtime.Intrinsics;

namespace Rcnn.Tests.Ops.VectorWidths;

/// <summary>Which widths this process computes with.</summary>
internal sealed record VectorSupport(bool Has512, bool Has256, bool Has128)
{
    public static VectorSupport Here { get; } = new(Vector512.IsHardwareAccelerated, Vector256.IsHardwareAccelerated, Vector128.IsHardwareAccelerated);
}
