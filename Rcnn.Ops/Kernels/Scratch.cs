using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Rcnn.Ops.Kernels;

/// <summary>
/// A pooled block of native memory, aligned to 64 bytes, contents undefined. Blocks come in powers of two; up to 256 MiB are kept for
/// reuse, so that kernels called every step neither allocate nor fault pages in anew. Dispose exactly once.
/// </summary>
internal readonly unsafe struct Scratch<T> : IDisposable
    where T : unmanaged
{
    private readonly int _sizeClass;

    public Scratch(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        _sizeClass = ScratchPool.SizeClass(checked(count * sizeof(T)));
        Pointer = (T*)ScratchPool.Rent(_sizeClass);
    }

    public T* Pointer { get; }

    public void Dispose() => ScratchPool.Return((nint)Pointer, _sizeClass);
}

internal static unsafe class ScratchPool
{
    private const int SmallestClass = 12;
    private const long KeptLimit = 256L << 20;

    private static readonly ConcurrentStack<nint>[] Free = Enumerable.Range(0, 48).Select(_ => new ConcurrentStack<nint>()).ToArray();
    private static long _kept;

    public static int SizeClass(long bytes) =>
        Math.Max(SmallestClass, 64 - BitOperations.LeadingZeroCount((ulong)Math.Max(bytes, 1) - 1));

    public static nint Rent(int sizeClass)
    {
        if (Free[sizeClass].TryPop(out nint block))
        {
            Interlocked.Add(ref _kept, -(1L << sizeClass));
            return block;
        }

        nint fresh = (nint)NativeMemory.AlignedAlloc((nuint)1 << sizeClass, 64);
        HugePages.Advise(fresh, 1L << sizeClass);
        return fresh;
    }

    public static void Return(nint block, int sizeClass)
    {
        if (Interlocked.Add(ref _kept, 1L << sizeClass) <= KeptLimit)
        {
            Free[sizeClass].Push(block);
            return;
        }

        Interlocked.Add(ref _kept, -(1L << sizeClass));
        NativeMemory.AlignedFree((void*)block);
    }
}
