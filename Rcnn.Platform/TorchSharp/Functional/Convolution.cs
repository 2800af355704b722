using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>[N,C,H,W] with weights [K,C/groups,h,w]; strides, padding and dilation hold one or two numbers.</summary>
            public static Tensor conv2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? dilation = null, long groups = 1) =>
                Aten.conv2d.Call(input, weight, bias, Pair(strides, 1), Pair(padding, 0), Pair(dilation, 1), groups);

            public static Tensor conv2d_padding(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, Padding padding = Padding.Valid, long[]? dilation = null, long groups = 1) =>
                Aten.conv2d_padding.Call(input, weight, bias, Pair(strides, 1), padding == Padding.Same ? "same" : "valid", Pair(dilation, 1), groups);

            public static Tensor conv_transpose2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? output_padding = null, long[]? dilation = null, long groups = 1) =>
                Aten.conv_transpose2d_input.Call(input, weight, bias, Pair(strides, 1), Pair(padding, 0), Pair(output_padding, 0), groups, Pair(dilation, 1));

            /// <summary>input·weightsᵀ + bias, over the last dimension.</summary>
            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null) => Aten.linear.Call(input, weights, bias);

            internal static Arg Pair(long[]? values, long otherwise) => values switch
            {
                null => (otherwise, otherwise),
                [long one] => (one, one),
                [long first, long second] => (first, second),
                _ => values,
            };
        }
    }
}
