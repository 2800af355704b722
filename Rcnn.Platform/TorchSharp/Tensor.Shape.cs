using TorchSharp.Interop;

namespace TorchSharp;

/// <summary>Views and copies of other shape. A view shares memory with its source.</summary>
public static partial class torch
{
    public partial class Tensor
    {
        [System.Runtime.CompilerServices.IndexerName("TensorItems")]
        public Tensor this[params long[] indices]
        {
            get => Pick(indices);
            set => Put(indices, value);
        }

        public Tensor T => Aten.numpy_T.Call(this);

        public Tensor mT => Aten.mT.Call(this);

        public Tensor view(params long[] shape) => Aten.view.Call(this, shape);

        public Tensor view_as(Tensor other) => Aten.view_as.Call(this, other);

        public Tensor reshape(params long[] shape) => Aten.reshape.Call(this, shape);

        public Tensor flatten(long start_dim = 0, long end_dim = -1) => Aten.flatten_using_ints.Call(this, start_dim, end_dim);

        public Tensor unflatten(long dim, params long[] sizes)
        {
            long[] old = shape;
            int at = Wrap((int)dim, old.Length);
            return Aten.reshape.Call(this, (long[])[.. old[..at], .. Infer(sizes, old[at]), .. old[(at + 1)..]]);
        }

        public Tensor ravel() => Aten.ravel.Call(this);

        public Tensor squeeze(long? dim = null) => dim is { } d ? Aten.squeeze_dim.Call(this, d) : Aten.squeeze.Call(this);

        public Tensor squeeze_(long? dim = null)
        {
            if (dim is { } d)
            {
                Aten.squeeze__dim.Do(this, d);
            }
            else
            {
                Aten.squeeze_.Do(this);
            }

            return this;
        }

        public Tensor unsqueeze(long dim) => Aten.unsqueeze.Call(this, dim);

        public Tensor unsqueeze_(long dim)
        {
            Aten.unsqueeze_.Do(this, dim);
            return this;
        }

        public Tensor t() => Aten.t.Call(this);

        public Tensor transpose(long dim0, long dim1) => Aten.transpose_int.Call(this, dim0, dim1);

        public Tensor transpose_(long dim0, long dim1)
        {
            Aten.transpose_.Do(this, dim0, dim1);
            return this;
        }

        public Tensor swapaxes(long dim0, long dim1) => transpose(dim0, dim1);

        public Tensor swapdims(long dim0, long dim1) => transpose(dim0, dim1);

        public Tensor permute(params long[] permutation) => Aten.permute.Call(this, permutation);

        public Tensor permute(IEnumerable<long> permutation) => Aten.permute.Call(this, permutation.ToArray());

        public Tensor movedim(long[] source, long[] destination) => Aten.movedim_intlist.Call(this, source, destination);

        public Tensor expand(params long[] sizes) => Aten.expand.Call(this, sizes);

        public Tensor expand(long[] sizes, bool isImplicit = false) => Aten.expand.Call(this, sizes, isImplicit);

        public Tensor expand(ReadOnlySpan<long> sizes, bool isImplicit = false) => Aten.expand.Call(this, sizes, isImplicit);

        public Tensor expand_as(Tensor other) => Aten.expand_as.Call(this, other);

        public Tensor broadcast_to(params long[] shape) => Aten.broadcast_to.Call(this, shape);

        public Tensor repeat(params long[] sizes) => Aten.repeat.Call(this, sizes);

        public Tensor tile(long[] reps) => Aten.tile.Call(this, reps);

        public Tensor repeat_interleave(Tensor repeats, long? dim = null, long? output_size = null) => Aten.repeat_interleave_self_Tensor.Call(this, repeats, dim, output_size);

        public Tensor repeat_interleave(long repeats, long? dim = null, long? output_size = null) => Aten.repeat_interleave_self_int.Call(this, repeats, dim, output_size);

        public Tensor narrow(long dim, long start, long length) => Aten.narrow.Call(this, dim, start, length);

        /// <summary>Every <paramref name="step"/>-th index of one dimension from <paramref name="start"/> to before <paramref name="finish"/>.</summary>
        public Tensor slice(long dim, long start, long finish, long step) => Aten.slice_Tensor.Call(this, dim, start, finish, step);

        public Tensor select(long dim, long index) => Aten.select_int.Call(this, dim, index);

        /// <summary>Pieces of the given size; the last one may be shorter.</summary>
        public Tensor[] split(long size, int dim = 0) => Aten.split_Tensor.CallList(this, size, dim);

        public Tensor[] split(ReadOnlySpan<long> sizes, long dim = 0) => Aten.split_with_sizes.CallList(this, sizes, dim);

        public Tensor[] split(long[] sizes, long dim = 0) => Aten.split_with_sizes.CallList(this, sizes, dim);

        public Tensor[] split(params long[] sizes) => Aten.split_with_sizes.CallList(this, sizes);

        public Tensor[] tensor_split(long size, long dim = 0L) => Aten.tensor_split_sections.CallList(this, size, dim);

        public Tensor[] tensor_split(long[] sizes, long dim = 0L) => Aten.tensor_split_indices.CallList(this, sizes, dim);

        public Tensor[] chunk(long chunks, long dim = 0L) => Aten.chunk.CallList(this, chunks, dim);

        public Tensor[] unbind(long dimension = 0L) => Aten.unbind_int.CallList(this, dimension);

        public Tensor unfold(long dimension, long size, long step) => Aten.unfold.Call(this, dimension, size, step);

        public Tensor flip(params long[] dims) => Aten.flip.Call(this, dims);

        public Tensor fliplr() => Aten.fliplr.Call(this);

        public Tensor flipud() => Aten.flipud.Call(this);

        public Tensor roll(long shifts, long? dims = null) => Aten.roll.Call(this, new[] { shifts }, dims is { } d ? new[] { d } : Array.Empty<long>());

        public Tensor roll(long[] shifts, long[] dims) => Aten.roll.Call(this, shifts, dims);

        public Tensor contiguous() => Aten.contiguous.Call(this);

        public Tensor as_strided(long[] size, long[] strides, long storageOffset = 0L) => Aten.as_strided.Call(this, size, strides, storageOffset);

        /// <summary>Another object for the same native tensor; each may be disposed on its own.</summary>
        public Tensor alias() => new(Retain());

        private static long[] Infer(long[] sizes, long total)
        {
            int open = Array.IndexOf(sizes, -1L);
            if (open < 0)
            {
                return sizes;
            }

            long known = sizes.Where(s => s >= 0).Aggregate(1L, (a, b) => a * b);
            long[] full = [.. sizes];
            full[open] = known == 0 ? 0 : total / known;
            return full;
        }

        // The first use of select() on each index keeps what follows a view, as in TorchSharp.
        private Tensor Pick(ReadOnlySpan<long> indices)
        {
            Tensor result = select(0, indices[0]);
            for (int i = 1; i < indices.Length; i++)
            {
                Tensor next = result.select(0, indices[i]);
                result.Dispose();
                result = next;
            }

            return result;
        }

        private void Put(ReadOnlySpan<long> indices, Tensor value)
        {
            using Tensor place = OutOfScope(Pick(indices));
            place.copy_(value);
        }
    }
}
