using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenCvSharp;

/// <summary>Owns one <c>cv::Mat</c> and, where the matrix lies over a managed array, the pin of that array.</summary>
internal sealed class MatHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private GCHandle _pin;

    public MatHandle()
        : base(ownsHandle: true)
    {
    }

    internal void Keep(GCHandle pin) => _pin = pin;

    protected override bool ReleaseHandle()
    {
        NativeMethods.MatFree(handle);
        if (_pin.IsAllocated)
        {
            _pin.Free();
        }

        return true;
    }
}
