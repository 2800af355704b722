using System.Runtime.CompilerServices;
using TorchSharp.Interop;
using TorchSharp.Utils;

namespace TorchSharp;

public static unsafe partial class torch
{
    public partial class Tensor
    {
        /// <summary>The elements of a CPU tensor, in logical order whatever its strides; writing through it changes the tensor.</summary>
        public TensorAccessor<T> data<T>()
            where T : unmanaged => new(this);

        /// <summary>The memory of a contiguous CPU tensor. It is valid while the tensor lives: keep a reference to the tensor.</summary>
        public Span<byte> bytes
        {
            get
            {
                TensorInfo info = Info();
                RequireCpu(info);
                if (!info.Flags.HasFlag(InfoFlags.Contiguous))
                {
                    throw new NotImplementedException("bytes of a tensor that is not contiguous: call contiguous() first");
                }

                return new Span<byte>(info.Data, checked((int)(info.Elements * info.ElementSize)));
            }

            set
            {
                if (value.Length != bytes.Length)
                {
                    throw new ArgumentException($"{value.Length} bytes for a tensor of {bytes.Length} bytes");
                }

                value.CopyTo(bytes);
            }
        }

        /// <summary>The only element, which must be of type <typeparamref name="T"/>.</summary>
        public T item<T>()
            where T : unmanaged
        {
            if (numel() != 1)
            {
                throw new ArgumentException($"item() of a tensor with {numel()} elements");
            }

            RequireType<T>(dtype);
            using Tensor? copy = is_cpu() ? null : OutOfScope(cpu());
            T value = *(T*)(copy ?? this).DataPointer;
            GC.KeepAlive(this);
            return value;
        }

        public Scalar ToScalar() => Scalar.Of(Aten._local_scalar_dense.CallValue(this));

        public float ReadCpuSingle(long i) => ReadCpuValue<float>(i);

        public double ReadCpuDouble(long i) => ReadCpuValue<double>(i);

        public int ReadCpuInt32(long i) => ReadCpuValue<int>(i);

        public long ReadCpuInt64(long i) => ReadCpuValue<long>(i);

        public byte ReadCpuByte(long i) => ReadCpuValue<byte>(i);

        public bool ReadCpuBool(long i) => ReadCpuValue<bool>(i);

        /// <summary>Element <paramref name="i"/> of the memory of a CPU tensor.</summary>
        public T ReadCpuValue<T>(long i)
            where T : unmanaged
        {
            TensorInfo info = Info();
            RequireCpu(info);
            RequireType<T>((ScalarType)info.Dtype);
            if (i < 0 || i >= info.Elements)
            {
                throw new IndexOutOfRangeException($"element {i} of {info.Elements}");
            }

            T value = ((T*)info.Data)[i];
            GC.KeepAlive(this);
            return value;
        }

        /// <summary>Writes the elements in logical order, little-endian.</summary>
        public void WriteBytesToStream(Stream stream, int bufferSize = 1024)
        {
            using Tensor dense = OutOfScope(Aten.contiguous.Call(cpu()));
            TensorInfo info = dense.Info();
            if (info.Elements == 0)
            {
                return;
            }

            using var memory = new UnmanagedMemoryStream((byte*)info.Data, info.Elements * info.ElementSize);
            memory.CopyTo(stream, Math.Max(bufferSize, 81920));
            GC.KeepAlive(dense);
        }

        /// <summary>Replaces the elements by those in a stream, in logical order, little-endian; EndOfStreamException when it is too short.</summary>
        public void ReadBytesFromStream(Stream stream, int bufferSize = 1024)
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable quiet = no_grad();
            bool direct = is_cpu() && is_contiguous();
            Tensor dense = direct ? this : empty(shape, dtype);
            TensorInfo info = dense.Info();
            var memory = new Span<byte>(info.Data, 0);
            for (long done = 0, total = info.Elements * info.ElementSize; done < total; done += memory.Length)
            {
                memory = new Span<byte>((byte*)info.Data + done, (int)Math.Min(total - done, 1 << 20));
                stream.ReadExactly(memory);
            }

            if (!direct)
            {
                copy_(dense);
            }

            GC.KeepAlive(dense);
        }

        internal static void RequireType<T>(ScalarType type)
            where T : unmanaged
        {
            bool fits = type switch
            {
                ScalarType.Byte => typeof(T) == typeof(byte),
                ScalarType.Int8 => typeof(T) == typeof(sbyte),
                ScalarType.Int16 => typeof(T) == typeof(short),
                ScalarType.Int32 => typeof(T) == typeof(int),
                ScalarType.Int64 => typeof(T) == typeof(long),
                ScalarType.Float16 => typeof(T) == typeof(Half),
                ScalarType.Float32 => typeof(T) == typeof(float),
                ScalarType.Float64 => typeof(T) == typeof(double),
                ScalarType.Bool => typeof(T) == typeof(bool),
                ScalarType.BFloat16 => typeof(T) == typeof(short) || typeof(T) == typeof(ushort),
                _ => Unsafe.SizeOf<T>() > 8,
            };
            if (!fits)
            {
                throw new ArgumentException($"{typeof(T).Name} elements asked of a tensor of type {type}");
            }
        }

        internal TensorInfo CpuInfo()
        {
            TensorInfo info = Info();
            RequireCpu(info);
            return info;
        }

        private static void RequireCpu(in TensorInfo info)
        {
            if (info.DeviceType != (int)DeviceType.CPU)
            {
                throw new InvalidOperationException($"reading data of a tensor on {(DeviceType)info.DeviceType}: call cpu() first");
            }
        }

        // For temporaries disposed on the spot: they need no place in the caller's scope.
        private static Tensor OutOfScope(Tensor tensor) => tensor.DetachFromDisposeScope();
    }
}
