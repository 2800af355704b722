using TorchSharp.Interop;

namespace TorchSharp;

public static unsafe partial class torch
{
    public static int get_num_threads()
    {
        EnsureInitialized();
        return Native.rcnn_get_threads();
    }

    /// <summary>Threads of one operation, in libtorch and in the linear algebra below it.</summary>
    public static void set_num_threads(int num)
    {
        EnsureInitialized();
        Native.Check(Native.rcnn_set_threads(num));
    }

    public static int get_num_interop_threads() => Native.rcnn_get_interop_threads();

    public static void set_num_interop_threads(int num) => Native.Check(Native.rcnn_set_interop_threads(num));

    public static bool cuda_is_available() => cuda.is_available();

    public static IDisposable use_deterministic_algorithms(bool mode = true, bool warn_only = false)
    {
        EnsureInitialized();
        Native.Check(Native.rcnn_context_flag(4, mode ? 1 : 0));
        return new Undo(() => Native.Check(Native.rcnn_context_flag(4, mode ? 0 : 1)));
    }

    private sealed class Undo(Action action) : IDisposable
    {
        public void Dispose() => action();
    }

    public static partial class cuda
    {
        /// <summary>Whether this libtorch has CUDA and finds a device.</summary>
        public static bool is_available()
        {
            EnsureInitialized();
            return Native.rcnn_cuda_available() != 0 && device_count() > 0;
        }

        public static int device_count()
        {
            EnsureInitialized();
            int count;
            Native.Check(Native.rcnn_cuda_device_count(&count));
            return count;
        }

        public static void manual_seed(long seed) => random.manual_seed(seed);

        public static void manual_seed_all(long seed) => random.manual_seed(seed);

        /// <summary>Waits until the device has done what it was given.</summary>
        public static void synchronize(Device? device = null) => Native.Check(Native.rcnn_cuda_synchronize());
    }
}
