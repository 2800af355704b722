using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>This tensor itself, as a new object, when nothing has to change; else a copy.</summary>
        public Tensor to(ScalarType type, Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
        {
            Tensor result = Aten.to_device.Call(this, InitializeDevice(device), type, non_blocking, copy);
            if (disposeAfter)
            {
                Dispose();
            }

            return result;
        }

        public Tensor to(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) => to_type(type, copy, disposeAfter, non_blocking);

        public Tensor to(Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) => to(dtype, device, copy, disposeAfter, non_blocking);

        public Tensor to(string device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) => to(new Device(device), copy, disposeAfter, non_blocking);

        public Tensor to(DeviceType deviceType, int deviceIndex = -1, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to(new Device(deviceType, deviceIndex), copy, disposeAfter, non_blocking);

        public Tensor to(Tensor other, bool non_blocking = false) => to(other.dtype, other.device, non_blocking: non_blocking);

        public Tensor to_type(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false)
        {
            Tensor result = Aten.to_dtype.Call(this, type, non_blocking, copy);
            if (disposeAfter)
            {
                Dispose();
            }

            return result;
        }

        public Tensor type(ScalarType dtype) => to_type(dtype);

        public Tensor type(Func<Tensor, Tensor> typeFunc) => typeFunc(this);

        public Tensor type_as(Tensor tensor) => to_type(tensor.dtype);

        public Tensor cpu() => to(CPU);

        public Tensor cuda(Device? device = null, bool non_blocking = false) => to(device ?? CUDA, non_blocking: non_blocking);

        public Tensor @bool() => to_type(ScalarType.Bool);

        public Tensor @byte() => to_type(ScalarType.Byte);

        public Tensor @char() => to_type(ScalarType.Int8);

        public Tensor @short() => to_type(ScalarType.Int16);

        public Tensor @int() => to_type(ScalarType.Int32);

        public Tensor @long() => to_type(ScalarType.Int64);

        public Tensor half() => to_type(ScalarType.Float16);

        public Tensor bfloat16() => to_type(ScalarType.BFloat16);

        public Tensor @float() => to_type(ScalarType.Float32);

        public Tensor @double() => to_type(ScalarType.Float64);

        public Tensor clone() => Aten.clone.Call(this);

        /// <summary>Overwrites this tensor with another of a shape that broadcasts to it, converting type and device.</summary>
        public Tensor copy_(Tensor source, bool nonBlocking = false)
        {
            Aten.copy_.Do(this, source, nonBlocking);
            return this;
        }

        /// <summary>Makes this tensor share the memory, shape and strides of another one.</summary>
        public Tensor set_(Tensor source)
        {
            Aten.set__source_Tensor.Do(this, source);
            return this;
        }

        public Tensor fill_(Scalar value)
        {
            Aten.fill__Scalar.Do(this, value);
            return this;
        }

        public Tensor zero_()
        {
            Aten.zero_.Do(this);
            return this;
        }

        /// <summary>The same memory, outside of the autograd graph.</summary>
        public Tensor detach() => Aten.detach.Call(this);

        public Tensor detach_()
        {
            Aten.detach_.Do(this);
            return this;
        }

        public Tensor pin_memory() => Aten.pin_memory.Call(this);

        public bool is_pinned() => Aten.is_pinned.CallValue(this).Bits != 0;
    }
}
