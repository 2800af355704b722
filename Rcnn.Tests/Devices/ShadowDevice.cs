using System.Diagnostics;
using System.Runtime.InteropServices;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Devices;

/// <summary>
/// A device in the host's memory that behaves towards tensors as a GPU does: see shadow.cpp. It must be there before the first backward pass of a process, so a child process of the tests has it.
/// </summary>
internal static unsafe class ShadowDevice
{
    private static Device? _device;

    /// <summary>The device, once <see cref="Load"/> was called.</summary>
    public static Device Device => _device ?? throw new InvalidOperationException("the shadow device is not loaded");

    /// <summary>Why it cannot be had here; null where it can.</summary>
    public static string? Missing => Engine.LibtorchVersion.StartsWith("1.13.", StringComparison.Ordinal) && File.Exists("/usr/include/torch/library.h") ? null
        : $"the shadow device is written for the distribution's libtorch 1.13 with headers, this is {Engine.LibtorchVersion}";

    /// <summary>Compiles the library.</summary>
    public static void Compile(string source, string library)
    {
        string[] arguments = ["-std=c++17", "-O1", "-fPIC", "-shared", "-Wno-deprecated-declarations", "-I/usr/include/torch/csrc/api/include", source, "-o", library, "-ltorch_cpu", "-lc10"];
        using Process process = Process.Start(new ProcessStartInfo("g++", arguments) { RedirectStandardError = true })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors);
    }

    /// <summary>Makes libtorch know it, until the process ends.</summary>
    public static void Load(string library)
    {
        zeros(1).Dispose();
        nint handle = NativeLibrary.Load(library);
        var type = (delegate* unmanaged<int>)NativeLibrary.GetExport(handle, "rcnn_shadow_device");
        _device = new Device((DeviceType)type(), 0);
    }
}
