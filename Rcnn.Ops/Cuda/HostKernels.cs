using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Rcnn.Ops.Cuda;

/// <summary>
/// Runs the CUDA kernels on the CPU, compiled as C++ by g++ at first use: to check them where there is no GPU. While it is on, operators that have a kernel take CPU
/// tensors through it. Blocks and threads run one after another in an order drawn from a seed, so that a race shows as results that differ between seeds. Far slower than the CPU's own path.
/// </summary>
public static unsafe class HostKernels
{
    private static readonly Lock Guard = new();
    private static volatile IKernelLauncher? _current;

    private static readonly SortedDictionary<string, long> Counts = new(StringComparer.Ordinal);

    internal static IKernelLauncher? Current => _current;

    /// <summary>How often each kernel was launched since they were last switched on.</summary>
    public static IReadOnlyDictionary<string, long> Launches
    {
        get
        {
            lock (Guard)
            {
                return new SortedDictionary<string, long>(Counts, StringComparer.Ordinal);
            }
        }
    }

    /// <summary>Switches the kernels on until the result is disposed, for the whole process.</summary>
    /// <param name="seed">Of the order of blocks and threads.</param>
    /// <exception cref="InvalidOperationException">They are on already, g++ is missing, or the kernels do not compile.</exception>
    public static IDisposable Use(ulong seed = 0)
    {
        lock (Guard)
        {
            if (_current is not null)
            {
                throw new InvalidOperationException("host kernels are on already");
            }

            Counts.Clear();
            _current = new Launcher(Library.Value, seed);
            return new Off();
        }
    }

    private static readonly Lazy<HostLibrary> Library = new(() => HostLibrary.Compile([.. KernelLauncher.Sources.Select(KernelLauncher.Text)]));

    private sealed class Off : IDisposable
    {
        public void Dispose() => _current = null;
    }

    private sealed class Launcher(HostLibrary library, ulong seed) : IKernelLauncher
    {
        private ulong _launches;

        public void Launch(Kernel kernel, KernelGrid grid, int block, params ReadOnlySpan<KernelArgument> arguments)
        {
            lock (Guard)
            {
                Counts[kernel.Name] = Counts.GetValueOrDefault(kernel.Name) + 1;
                library.Launch(kernel.Name, grid, block, arguments, (seed * 0x9E3779B97F4A7C15UL) + _launches++);
            }
        }
    }
}

/// <summary>Kernel sources compiled as C++ under the host shim.</summary>
internal sealed unsafe class HostLibrary
{
    private readonly delegate* unmanaged<byte*, uint*, uint, void**, ulong, int> _launch;
    private readonly delegate* unmanaged<byte*> _error;

    private HostLibrary(nint handle)
    {
        _launch = (delegate* unmanaged<byte*, uint*, uint, void**, ulong, int>)NativeLibrary.GetExport(handle, "rcnn_host_launch");
        _error = (delegate* unmanaged<byte*>)NativeLibrary.GetExport(handle, "rcnn_host_error");
    }

    /// <summary>Compiles, or takes what an earlier call compiled from the same text. RCNN_HOST_KERNEL_FLAGS adds options of g++, for sanitizers.</summary>
    /// <param name="sources">Each with the prelude in front.</param>
    /// <exception cref="InvalidOperationException">g++ is missing or refuses.</exception>
    public static HostLibrary Compile(IReadOnlyList<string> sources)
    {
        string[] extra = (Environment.GetEnvironmentVariable("RCNN_HOST_KERNEL_FLAGS") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] options = ["-std=c++17", "-O2", "-g", "-fPIC", "-shared", "-fno-gnu-unique", "-fvisibility-inlines-hidden", "-fno-strict-aliasing", "-ffp-contract=off", "-U_FORTIFY_SOURCE", .. extra];

        // One translation unit: what the sources share stands once, so each stands in a namespace of its own.
        string prelude = KernelLauncher.Resource("prelude.cuh");
        var text = new StringBuilder(KernelLauncher.Resource("host.h")).Append(prelude);
        for (int i = 0; i < sources.Count; i++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"namespace source{i} {{\n").Append(sources[i].Replace(prelude, "", StringComparison.Ordinal)).Append("\n}\n");
        }

        string file = KernelCache.Default.PathOf([text.ToString(), .. options], ".so");
        if (!File.Exists(file))
        {
            string work = Directory.CreateTempSubdirectory("rcnn-kernels").FullName;
            try
            {
                string source = Path.Combine(work, "kernels.cpp"), result = Path.Combine(work, "kernels.so");
                File.WriteAllText(source, text.ToString());
                Run([.. options, source, "-o", result]);
                KernelCache.Write(file, File.ReadAllBytes(result));
                if (!File.Exists(file))
                {
                    return new HostLibrary(NativeLibrary.Load(result));
                }
            }
            finally
            {
                Directory.Delete(work, recursive: true);
            }
        }

        return new HostLibrary(NativeLibrary.Load(file));
    }

    /// <summary>Runs every block; arguments as in <see cref="IKernelLauncher.Launch"/>. Not for two threads at once.</summary>
    public void Launch(string name, KernelGrid grid, int block, ReadOnlySpan<KernelArgument> arguments, ulong seed)
    {
        if (grid.X <= 0 || grid.Y <= 0 || grid.Z <= 0)
        {
            return;
        }

        uint* size = stackalloc uint[] { checked((uint)grid.X), checked((uint)grid.Y), checked((uint)grid.Z) };
        void** pointers = stackalloc void*[arguments.Length];
        fixed (KernelArgument* first = arguments)
        fixed (byte* text = Encoding.UTF8.GetBytes(name + "\0"))
        {
            for (int i = 0; i < arguments.Length; i++)
            {
                pointers[i] = first + i;
            }

            if (_launch(text, size, (uint)block, pointers, seed) != 0)
            {
                throw new InvalidOperationException(Marshal.PtrToStringUTF8((nint)_error()));
            }
        }
    }

    private static void Run(string[] arguments)
    {
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo("g++", arguments) { RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException("g++ is missing, which compiles the kernels for the CPU", e);
        }

        using (process)
        {
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException("the kernels do not compile as C++: " + errors.Split('\n').FirstOrDefault(l => l.Contains("error", StringComparison.Ordinal), errors));
            }
        }
    }
}
