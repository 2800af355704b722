using System.Runtime.InteropServices;
using System.Text;

namespace Rcnn.Ops.Cuda;

/// <summary>NVIDIA's run-time compiler. It comes with libtorch for CUDA, with the pip package nvidia-cuda-nvrtc and with the toolkit.</summary>
internal sealed unsafe class Nvrtc
{
    private static readonly string[] Names = ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so"];
    private readonly nint _library;

    private Nvrtc(nint library, string path)
    {
        _library = library;
        Path = path;
        int major, minor;
        Check(((delegate* unmanaged<int*, int*, int>)Entry("nvrtcVersion"))(&major, &minor), "nvrtcVersion");
        Version = $"{major}.{minor}";
    }

    /// <summary>The one compiler of this process.</summary>
    public static Nvrtc Instance => Loaded.Value;

    public string Path { get; }

    public string Version { get; }

    private static readonly Lazy<Nvrtc> Loaded = new(() =>
    {
        string[] places = [.. Candidates(LibtorchFolder(), "/usr/local", Environment.GetEnvironmentVariable("CUDA_HOME"))];
        foreach (string place in places)
        {
            if (NativeLibrary.TryLoad(place, out nint handle))
            {
                return new Nvrtc(handle, place);
            }
        }

        throw new NotSupportedException("CUDA kernels need libnvrtc.so, which comes with PyTorch for CUDA (pip: nvidia-cuda-nvrtc) and with the toolkit; not found beside libtorch, "
            + "in CUDA_HOME, in /usr/local/cuda* and by LD_LIBRARY_PATH");
    });

    /// <summary>Where the library may be, the likeliest first: beside libtorch, in the pip packages next to it, in a toolkit, wherever the loader looks.</summary>
    /// <param name="torchFolder">The folder of libtorch's own libraries, or null.</param>
    /// <param name="local">The folder that holds toolkits cuda, cuda-12.1 and so on.</param>
    /// <param name="cudaHome">The value of CUDA_HOME, or null.</param>
    internal static IEnumerable<string> Candidates(string? torchFolder, string local, string? cudaHome)
    {
        var folders = new List<string>();
        if (torchFolder is not null)
        {
            // …/site-packages/torch/lib → …/site-packages/nvidia/…
            string packages = System.IO.Path.GetFullPath(System.IO.Path.Combine(torchFolder, "..", "..", "nvidia"));
            folders.AddRange([torchFolder, System.IO.Path.Combine(packages, "cu13", "lib"), System.IO.Path.Combine(packages, "cuda_nvrtc", "lib")]);
        }

        if (!string.IsNullOrEmpty(cudaHome))
        {
            folders.AddRange([System.IO.Path.Combine(cudaHome, "lib64"), System.IO.Path.Combine(cudaHome, "targets/x86_64-linux/lib")]);
        }

        if (Directory.Exists(local))
        {
            folders.AddRange(Directory.GetDirectories(local, "cuda*").OrderDescending(StringComparer.Ordinal).Select(d => System.IO.Path.Combine(d, "lib64")));
        }

        foreach (string folder in folders.Where(Directory.Exists))
        {
            // libtorch's own archive ships it under a name with a checksum: libnvrtc-672ee683.so.11.2.
            foreach (string file in Directory.GetFiles(folder, "libnvrtc*.so*").Where(f => !f.Contains("builtins", StringComparison.Ordinal) && !f.Contains(".alt", StringComparison.Ordinal))
                .OrderDescending(StringComparer.Ordinal))
            {
                yield return file;
            }
        }

        foreach (string name in Names)
        {
            yield return name;
        }
    }

    /// <summary>Compiles one source for a device: machine code where this compiler knows the device, else PTX of the newest architecture that it knows.</summary>
    /// <param name="major">Compute capability.</param>
    /// <exception cref="InvalidOperationException">The source does not compile; the first line of the log that names an error.</exception>
    public byte[] Compile(string source, string name, int major, int minor)
    {
        int own = 10 * major + minor;
        int[] known = Architectures();
        bool direct = known.Contains(own);
        int target = direct ? own : known.Where(a => a < own).DefaultIfEmpty(own).Max();
        nint program;
        fixed (byte* text = Utf8(source), file = Utf8(name + ".cu"))
        {
            Check(((delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int>)Entry("nvrtcCreateProgram"))(&program, text, file, 0, null, null), "nvrtcCreateProgram");
        }

        try
        {
            Build(program, name, [.. Options, $"--gpu-architecture={(direct ? "sm" : "compute")}_{target}"]);
            return Result(program, direct ? "CUBIN" : "PTX");
        }
        finally
        {
            ((delegate* unmanaged<nint*, int>)Entry("nvrtcDestroyProgram"))(&program);
        }
    }

    /// <summary>What every kernel is compiled with. Contraction is off, so that comparisons come out as on the CPU; division, roots and denormals are exact by default.</summary>
    public static IReadOnlyList<string> Options { get; } = ["--std=c++17", "-default-device", "--fmad=false"];

    private void Build(nint program, string name, IReadOnlyList<string> options)
    {
        var memory = options.Select(o => Marshal.StringToCoTaskMemUTF8(o)).ToArray();
        int code;
        fixed (nint* values = memory)
        {
            code = ((delegate* unmanaged<nint, int, byte**, int>)Entry("nvrtcCompileProgram"))(program, memory.Length, (byte**)values);
        }

        Array.ForEach(memory, Marshal.FreeCoTaskMem);
        if (code != 0)
        {
            string log = Encoding.UTF8.GetString(Result(program, "ProgramLog")).TrimEnd('\0');
            string line = log.Split('\n').FirstOrDefault(l => l.Contains("error", StringComparison.Ordinal), log).Trim();
            throw new InvalidOperationException($"{name}.cu does not compile with NVRTC {Version}: {Describe(code)}: {line}");
        }
    }

    private byte[] Result(nint program, string what)
    {
        nuint size;
        Check(((delegate* unmanaged<nint, nuint*, int>)Entry($"nvrtcGet{what}Size"))(program, &size), $"nvrtcGet{what}Size");
        var bytes = new byte[size];
        fixed (byte* data = bytes)
        {
            Check(((delegate* unmanaged<nint, byte*, int>)Entry("nvrtcGet" + what))(program, data), "nvrtcGet" + what);
        }

        return bytes;
    }

    private int[] Architectures()
    {
        int count;
        Check(((delegate* unmanaged<int*, int>)Entry("nvrtcGetNumSupportedArchs"))(&count), "nvrtcGetNumSupportedArchs");
        var all = new int[count];
        fixed (int* data = all)
        {
            Check(((delegate* unmanaged<int*, int>)Entry("nvrtcGetSupportedArchs"))(data), "nvrtcGetSupportedArchs");
        }

        return all;
    }

    private void Check(int code, string what)
    {
        if (code != 0)
        {
            throw new InvalidOperationException($"{what}: {Describe(code)}");
        }
    }

    private string Describe(int code) => Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<int, byte*>)Entry("nvrtcGetErrorString"))(code)) ?? $"NVRTC error {code}";

    private nint Entry(string name) => NativeLibrary.GetExport(_library, name);

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text + "\0");

    // libtorch is in this process already: the memory map says from where.
    private static string? LibtorchFolder()
    {
        string? line = File.ReadLines("/proc/self/maps").FirstOrDefault(l => l.Contains("/libtorch_cpu.so", StringComparison.Ordinal));
        return line is null ? null : System.IO.Path.GetDirectoryName(line[line.IndexOf('/', StringComparison.Ordinal)..]);
    }
}
