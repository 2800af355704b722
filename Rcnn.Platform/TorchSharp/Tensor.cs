using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static unsafe partial class torch
{
    /// <summary>
    /// An n-dimensional array with automatic differentiation. Dispose it, or make it inside a <see cref="DisposeScope"/>; the finalizer frees the rest, late.
    /// Use after Dispose is an <see cref="ObjectDisposedException"/>. Disposing a tensor while another thread computes with it is the caller's error.
    /// </summary>
    public partial class Tensor : IDisposable
    {
        // From here on the collector learns of native memory: below, the call costs more than it helps.
        private const int PressureKib = 64;

        private static long _total;
        private static long _peak;

        private nint _handle;
        private long _pressure;

        /// <summary>Takes over one reference to a native tensor.</summary>
        protected internal Tensor(nint handle)
        {
            _handle = handle;
            if (handle == 0)
            {
                GC.SuppressFinalize(this); // undefined: an absent result
                return;
            }

            long total = Interlocked.Increment(ref _total);
            if (total > _peak)
            {
                _peak = total;
            }

            DisposeScopeManager.ThreadSingleton.Register(this);
        }

        ~Tensor() => Release();

        /// <summary>How many tensors are alive in this process.</summary>
        public static long TotalCount => Interlocked.Read(ref _total);

        public static long PeakCount => Interlocked.Read(ref _peak);

        public string? name { get; set; }

        /// <summary>The native tensor; valid while this object lives.</summary>
        public nint Handle
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get
            {
                nint handle = _handle;
                return handle != 0 ? handle : throw new ObjectDisposedException(GetType().Name, "the tensor was disposed");
            }
        }

        /// <summary>True after Dispose.</summary>
        public bool IsInvalid => _handle == 0;

        internal DisposeScope? OwningDisposeScope { get; set; }

        internal int ScopeSlot { get; set; }

        public void Dispose()
        {
            DisposeScope? scope = OwningDisposeScope;
            if (Release())
            {
                LifetimeStatistics counts = DisposeScopeManager.Statistics.TensorStatistics;
                if (scope is not null && scope.Remove(this))
                {
                    counts.DisposedInScopeCount++;
                }
                else
                {
                    counts.DisposedOutsideScopeCount++;
                }
            }

            GC.SuppressFinalize(this);
        }

        /// <summary>Gives up the native tensor without freeing it: the caller owns the returned reference.</summary>
        public nint DecoupleFromNativeHandle()
        {
            nint handle = Interlocked.Exchange(ref _handle, 0);
            ObjectDisposedException.ThrowIf(handle == 0, this);
            Interlocked.Decrement(ref _total);
            DropPressure();
            OwningDisposeScope?.Remove(this);
            GC.SuppressFinalize(this);
            return handle;
        }

        /// <summary>Keeps this tensor when its scope ends: the surrounding scope owns it then, or nobody.</summary>
        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        /// <summary>Takes this tensor out of its scope: the caller disposes it.</summary>
        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Detach(this);
            return this;
        }

        public Tensor MoveToOtherDisposeScope(Tensor other) => MoveToOtherDisposeScope(other.OwningDisposeScope);

        public Tensor MoveToOtherDisposeScope(DisposeScope? other)
        {
            if (OwningDisposeScope is { } scope)
            {
                scope.MoveToOther(other, this);
            }
            else
            {
                other?.Attach(this);
            }

            return this;
        }

        public static Tensor UnsafeCreateTensor(nint handle) => new(handle);

        public override bool Equals(object? obj) => ReferenceEquals(this, obj) || (obj is Tensor other && Equals(other));

        /// <summary>Same shape and same values; NaN differs from NaN.</summary>
        public bool Equals(Tensor target) => Aten.equal.CallValue(this, target).Bits != 0;

        public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

        internal static Tensor Own(Value value)
        {
            // Optional results that are absent come back as None.
            var tensor = new Tensor(value.Tag == Tag.Tensor ? (nint)value.Bits : 0);
            if (value.Tag == Tag.Tensor && value.Count >= PressureKib)
            {
                tensor._pressure = (long)value.Count << 10;
                GC.AddMemoryPressure(tensor._pressure);
            }

            return tensor;
        }

        internal static Tensor? OwnOptional(nint handle) => handle == 0 ? null : new Tensor(handle);

        /// <summary>Another reference to the native tensor.</summary>
        internal nint Retain()
        {
            nint handle = Native.rcnn_retain(Handle);
            GC.KeepAlive(this);
            return handle;
        }

        private protected TensorInfo Info()
        {
            TensorInfo info;
            Native.Check(Native.rcnn_info(Handle, &info));
            GC.KeepAlive(this);
            return info;
        }

        private bool Release()
        {
            nint handle = Interlocked.Exchange(ref _handle, 0);
            if (handle == 0)
            {
                return false;
            }

            Interlocked.Decrement(ref _total);
            Native.rcnn_release(handle);
            DropPressure();
            return true;
        }

        private void DropPressure()
        {
            if (_pressure > 0)
            {
                GC.RemoveMemoryPressure(_pressure);
                _pressure = 0;
            }
        }
    }

    public static string __version__
    {
        get
        {
            EnsureInitialized();
            return Native.Text(Native.rcnn_version());
        }
    }

    private static int _initialized;

    /// <summary>Process-wide settings of libtorch, made before its first use.</summary>
    internal static void EnsureInitialized()
    {
        if (Volatile.Read(ref _initialized) == 0)
        {
            Native.rcnn_initialize();
            Volatile.Write(ref _initialized, 1);
        }
    }
}
