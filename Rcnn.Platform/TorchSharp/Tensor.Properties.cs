using TorchSharp.Interop;

namespace TorchSharp;

public static unsafe partial class torch
{
    public partial class Tensor
    {
        /// <summary>Length of each dimension; a fresh array, empty for a scalar.</summary>
        public long[] shape
        {
            get
            {
                TensorInfo info = Info();
                long[] sizes = new ReadOnlySpan<long>(info.Sizes, info.Dimensions).ToArray();
                GC.KeepAlive(this);
                return sizes;
            }
        }

        public ScalarType dtype => (ScalarType)Info().Dtype;

        public Device device
        {
            get
            {
                TensorInfo info = Info();
                return info.DeviceType == 0 ? CPU : new Device((DeviceType)info.DeviceType, info.DeviceIndex);
            }
        }

        public DeviceType device_type => (DeviceType)Info().DeviceType;

        public int device_index => Info().DeviceIndex;

        public long Dimensions => Info().Dimensions;

        public long ndim => Info().Dimensions;

        public long NumberOfElements => Info().Elements;

        public long ElementSize => Info().ElementSize;

        public bool is_cuda => device_type == DeviceType.CUDA;

        public bool is_meta => device_type == DeviceType.META;

        public bool is_sparse => false;

        public bool is_leaf => Info().Flags.HasFlag(InfoFlags.Leaf);

        /// <summary>Whether autograd records operations on this tensor; may be set on leaves of floating type only.</summary>
        public bool requires_grad
        {
            get => Info().Flags.HasFlag(InfoFlags.RequiresGrad);
            set
            {
                Native.Check(Native.rcnn_set_requires_grad(Handle, value ? 1 : 0));
                GC.KeepAlive(this);
            }
        }

        /// <summary>The accumulated gradient, null before the first backward. Each get is a new reference to the same tensor.</summary>
        public Tensor? grad
        {
            get
            {
                nint gradient;
                Native.Check(Native.rcnn_get_grad(Handle, &gradient));
                GC.KeepAlive(this);
                return OwnOptional(gradient);
            }

            set
            {
                Native.Check(Native.rcnn_set_grad(Handle, value is null ? 0 : value.Handle));
                GC.KeepAlive(this);
                GC.KeepAlive(value);
            }
        }

        public long dim() => Info().Dimensions;

        public long numel() => Info().Elements;

        public long element_size() => Info().ElementSize;

        public long[] size() => shape;

        public long size(int dim)
        {
            TensorInfo info = Info();
            long length = info.Sizes[Wrap(dim, info.Dimensions)];
            GC.KeepAlive(this);
            return length;
        }

        /// <summary>Steps in elements from one index to the next, per dimension.</summary>
        public long[] stride()
        {
            TensorInfo info = Info();
            long[] strides = new ReadOnlySpan<long>(info.Strides, info.Dimensions).ToArray();
            GC.KeepAlive(this);
            return strides;
        }

        public long stride(int dim)
        {
            TensorInfo info = Info();
            long step = info.Strides[Wrap(dim, info.Dimensions)];
            GC.KeepAlive(this);
            return step;
        }

        public long storage_offset() => Info().StorageOffset;

        public bool is_contiguous() => Info().Flags.HasFlag(InfoFlags.Contiguous);

        public bool is_cpu() => device_type == DeviceType.CPU;

        public bool is_integral() => torch.is_integral(dtype);

        public bool is_floating_point() => torch.is_floating_point(dtype);

        public bool is_complex() => torch.is_complex(dtype);

        public bool is_nonzero() => Aten.is_nonzero.CallValue(this).Bits != 0;

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        /// <summary>Keeps the gradient of a tensor that is not a leaf.</summary>
        public void retain_grad() => Aten.retain_grad.Do(this);

        internal bool IsChannelsLast => Info().Flags.HasFlag(InfoFlags.ChannelsLast);

        internal nint DataPointer => (nint)Info().Data;

        internal long StorageBytes => Info().StorageBytes;

        private static int Wrap(int dim, int dimensions)
        {
            int wrapped = dim < 0 ? dim + dimensions : dim;
            return wrapped >= 0 && wrapped < dimensions
                ? wrapped
                : throw new ArgumentOutOfRangeException(nameof(dim), dim, $"dimension {dim} of a tensor with {dimensions} dimensions");
        }
    }
}
