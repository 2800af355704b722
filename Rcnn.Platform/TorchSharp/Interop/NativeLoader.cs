using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>
/// Finds the native parts: beside this assembly, or where RCNN_TORCH_NATIVE and RCNN_OPENCV_NATIVE point.
/// A library that cannot be loaded is one line that names the missing package.
/// </summary>
internal static class NativeLoader
{
    private static readonly (string Name, string Variable, string Package)[] Libraries =
    [
        ("rcnn_torch", "RCNN_TORCH_NATIVE", "libtorch (Debian: libtorch-dev)"),
        ("rcnn_opencv", "RCNN_OPENCV_NATIVE", "OpenCV (Debian: libopencv-imgproc-dev and libopencv-imgcodecs-dev)"),
    ];

#pragma warning disable CA2255 // The resolver must be in place before the first native call of any type in this assembly.
    [ModuleInitializer]
    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(NativeLoader).Assembly, Resolve);
#pragma warning restore CA2255

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        foreach ((string library, string variable, string package) in Libraries)
        {
            if (name == library)
            {
                return Load(Path(library, variable), package);
            }
        }

        return 0;
    }

    private static string Path(string library, string variable)
    {
        string? chosen = Environment.GetEnvironmentVariable(variable);
        return string.IsNullOrEmpty(chosen) ? System.IO.Path.Combine(AppContext.BaseDirectory, $"lib{library}.so") : chosen;
    }

    internal static nint Load(string path, string package)
    {
        // Script hosts run with another base directory; the copy beside this assembly serves them.
        string beside = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(typeof(NativeLoader).Assembly.Location) ?? "", System.IO.Path.GetFileName(path));
        if (!File.Exists(path) && File.Exists(beside))
        {
            path = beside;
        }

        if (!File.Exists(path))
        {
            throw new DllNotFoundException($"{path} does not exist: build the native part with CMake (./rcnn does it).");
        }

        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException e)
        {
            // The loader's own words come last, below general advice.
            string reason = e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^1];
            throw new DllNotFoundException($"{package} is missing or does not fit: {reason}");
        }
    }
}
