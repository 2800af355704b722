namespace TorchSharp;

public static partial class torch
{
    /// <summary>One position of an index expression: a number, a range, a tensor of indices or a mask, an ellipsis, or a new dimension.</summary>
    public struct TensorIndex
    {
        /// <summary>All dimensions that the other positions leave over.</summary>
        public static readonly TensorIndex Ellipsis = new() { Kind = IndexKind.Ellipsis };

        /// <summary>A new dimension of length 1.</summary>
        public static readonly TensorIndex None = new() { Kind = IndexKind.None };

        /// <summary>A new dimension of length 1.</summary>
        public static readonly TensorIndex Null = new() { Kind = IndexKind.None };

        /// <summary>A whole dimension.</summary>
        public static readonly TensorIndex Colon = Slice();

        internal enum IndexKind
        {
            None,
            Single,
            Ellipsis,
            Bool,
            Tensor,
            Slice,
        }

        internal IndexKind Kind { get; private init; }

        internal long? Start { get; private init; }

        internal long? Stop { get; private init; }

        internal long? Step { get; private init; }

        internal Tensor? Indices { get; private init; }

        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) => new() { Kind = IndexKind.Slice, Start = start, Stop = stop, Step = step };

        public static TensorIndex Slice((int? start, int? end) range) => Slice(range.start, range.end);

        public static TensorIndex Slice(Range range) => Slice(Offset(range.Start), range.End.Equals(Index.End) ? null : Offset(range.End));

        public static TensorIndex Bool(bool value) => new() { Kind = IndexKind.Bool, Start = value ? 1 : 0 };

        public static TensorIndex Single(long? index) => new() { Kind = IndexKind.Single, Start = index };

        public static TensorIndex Tensor(Tensor tensor) => new() { Kind = IndexKind.Tensor, Indices = tensor };

        public static implicit operator TensorIndex(long value) => Single(value);

        public static implicit operator TensorIndex((int? start, int? end) range) => Slice(range);

        public static implicit operator TensorIndex(Range range) => Slice(range);

        public static implicit operator TensorIndex(Index index) => Single(Offset(index));

        private static long Offset(Index index) => index.IsFromEnd ? -index.Value : index.Value;
    }
}
