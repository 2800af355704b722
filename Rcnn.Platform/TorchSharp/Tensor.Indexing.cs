using System.Runtime.CompilerServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>NumPy-style indexing; numbers, ranges and new dimensions give views, tensors and masks give copies.</summary>
        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        public Tensor index(params TensorIndex[] indices)
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor basic, Tensor?[]? advanced) = Resolve(indices);
            Tensor result = advanced is not null ? Aten.index_Tensor.Call(basic, Arg.OptionalTensors(advanced)) : ReferenceEquals(basic, this) ? basic.alias() : basic;
            return result.MoveToOuterDisposeScope();
        }

        public Tensor index(params Tensor[] indices)
        {
            using DisposeScope scope = NewDisposeScope();
            return Aten.index_Tensor.Call(this, Arg.OptionalTensors(Array.ConvertAll(indices, AsIndex))).MoveToOuterDisposeScope();
        }

        public Tensor index_put_(Tensor value, params TensorIndex[] indices) => index_put_(value, indices, false);

        public Tensor index_put_(Tensor value, TensorIndex[] indices, bool accumulate = false)
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor basic, Tensor?[]? advanced) = Resolve(indices);
            if (advanced is not null)
            {
                Aten.index_put_.Do(basic, Arg.OptionalTensors(advanced), value.to(basic.dtype), accumulate);
            }
            else if (accumulate)
            {
                basic.add_(value);
            }
            else
            {
                basic.copy_(value);
            }

            return this;
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, indices, false);

        public Tensor index_put_(Tensor value, Tensor[] indices, bool accumulate = false)
        {
            using DisposeScope scope = NewDisposeScope();
            Aten.index_put_.Do(this, Arg.OptionalTensors(Array.ConvertAll(indices, AsIndex)), value.to(dtype), accumulate);
            return this;
        }

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            using Tensor number = OutOfScope(Number(value));
            return index_put_(number, indices);
        }

        public Tensor index_put_(Scalar value, params Tensor[] indices)
        {
            using Tensor number = OutOfScope(Number(value));
            return index_put_(number, indices);
        }

        public Tensor index_select(long dim, Tensor index) => Aten.index_select.Call(this, dim, index);

        public Tensor index_add(long dim, Tensor index, Tensor source, Scalar alpha) => Aten.index_add.Call(this, dim, index, source, alpha);

        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha)
        {
            Aten.index_add_.Do(this, dim, index, source, alpha);
            return this;
        }

        public Tensor index_copy(long dim, Tensor index, Tensor source) => Aten.index_copy.Call(this, dim, index, source);

        public Tensor index_copy_(long dim, Tensor index, Tensor source)
        {
            Aten.index_copy_.Do(this, dim, index, source);
            return this;
        }

        public Tensor index_fill(long dim, Tensor index, Scalar value) => Aten.index_fill_int_Scalar.Call(this, dim, index, value);

        public Tensor index_fill_(long dim, Tensor index, Scalar value)
        {
            Aten.index_fill__int_Scalar.Do(this, dim, index, value);
            return this;
        }

        public Tensor gather(long dim, Tensor index) => Aten.gather.Call(this, dim, index);

        public Tensor scatter(long dim, Tensor index, Tensor src) => Aten.scatter_src.Call(this, dim, index, src);

        public Tensor scatter_(long dim, Tensor index, Tensor src)
        {
            Aten.scatter__src.Do(this, dim, index, src);
            return this;
        }

        public Tensor scatter_add(long dim, Tensor index, Tensor src) => Aten.scatter_add.Call(this, dim, index, src);

        public Tensor scatter_add_(long dim, Tensor index, Tensor src)
        {
            Aten.scatter_add_.Do(this, dim, index, src);
            return this;
        }

        public Tensor take(Tensor index) => Aten.take.Call(this, index);

        public Tensor take_along_dim(Tensor indices, long dim) => Aten.take_along_dim.Call(this, indices, dim);

        public Tensor masked_fill(Tensor mask, Scalar value) => Aten.masked_fill_Scalar.Call(this, mask, value);

        public Tensor masked_fill_(Tensor mask, Scalar value)
        {
            Aten.masked_fill__Scalar.Do(this, mask, value);
            return this;
        }

        public Tensor masked_select(Tensor mask) => Aten.masked_select.Call(this, mask);

        public Tensor masked_scatter(Tensor mask, Tensor value) => Aten.masked_scatter.Call(this, mask, value);

        public Tensor masked_scatter_(Tensor mask, Tensor value)
        {
            Aten.masked_scatter_.Do(this, mask, value);
            return this;
        }

        /// <summary>[N,D] int64: the indices of the N elements that are not zero, in row-major order.</summary>
        public Tensor nonzero() => Aten.nonzero.Call(this);

        public IList<Tensor> nonzero_as_list() => Aten.nonzero_numpy.CallList(this);

        public Tensor argwhere() => Aten.argwhere.Call(this);

        public Tensor where(Tensor condition, Tensor y) => Aten.where_self.Call(condition, this, y);

        // libtorch 1.13 takes int64 and masks only.
        private static Tensor? AsIndex(Tensor? index) => index?.dtype is ScalarType.Int32 or ScalarType.Int16 or ScalarType.Int8 ? index.to_type(ScalarType.Int64) : index;

        private Tensor Number(Scalar value) => Aten.scalar_tensor.Call(value, dtype, Arg.None, device);

        // Applies the positions that are views; tensors and masks wait in a list with one entry per dimension of the result (null: whole).
        private (Tensor Basic, Tensor?[]? Advanced) Resolve(TensorIndex[] indices)
        {
            Tensor basic = this;
            var advanced = new List<Tensor?>();
            bool any = false;
            long dim = 0;
            for (int i = 0; i < indices.Length; i++)
            {
                TensorIndex position = indices[i];
                switch (position.Kind)
                {
                    case TensorIndex.IndexKind.Single:
                        basic = basic.select(dim, position.Start ?? 0);
                        break;
                    case TensorIndex.IndexKind.Slice:
                        if (position.Start is not null || position.Stop is not null || position.Step is not null)
                        {
                            basic = Aten.slice_Tensor.Call(basic, dim, position.Start, position.Stop, position.Step ?? 1);
                        }

                        advanced.Add(null);
                        dim++;
                        break;
                    case TensorIndex.IndexKind.Ellipsis:
                        long skipped = basic.dim() - dim - Consumed(indices.AsSpan(i + 1));
                        for (long k = 0; k < skipped; k++)
                        {
                            advanced.Add(null);
                            dim++;
                        }

                        break;
                    case TensorIndex.IndexKind.None:
                        basic = basic.unsqueeze(dim);
                        advanced.Add(null);
                        dim++;
                        break;
                    case TensorIndex.IndexKind.Bool:
                        basic = basic.unsqueeze(dim);
                        advanced.Add(position.Start != 0 ? zeros(1, ScalarType.Int64, device: device) : empty(0, ScalarType.Int64, device: device));
                        any = true;
                        dim++;
                        break;
                    default:
                        Tensor index = AsIndex(position.Indices!)!;
                        advanced.Add(index);
                        any = true;
                        dim += index.dtype is ScalarType.Bool or ScalarType.Byte ? Math.Max(1, index.dim()) : 1;
                        break;
                }
            }

            return (basic, any ? advanced.ToArray() : null);
        }

        private static long Consumed(ReadOnlySpan<TensorIndex> indices)
        {
            long dimensions = 0;
            foreach (TensorIndex position in indices)
            {
                dimensions += position.Kind switch
                {
                    TensorIndex.IndexKind.Single or TensorIndex.IndexKind.Slice => 1,
                    TensorIndex.IndexKind.Tensor => position.Indices!.dtype is ScalarType.Bool or ScalarType.Byte ? Math.Max(1, position.Indices.dim()) : 1,
                    _ => 0,
                };
            }

            return dimensions;
        }
    }
}
