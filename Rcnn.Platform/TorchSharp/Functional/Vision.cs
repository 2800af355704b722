using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>Pads the last dimensions; <paramref name="pad"/> lists (before, after) from the last dimension backwards.</summary>
            public static Tensor pad(Tensor input, ReadOnlySpan<long> pad, PaddingModes mode = PaddingModes.Constant, double value = 0) => mode switch
            {
                PaddingModes.Constant or PaddingModes.Zeros => Aten.constant_pad_nd.Call(input, pad, value),
                PaddingModes.Reflect => Aten.pad.Call(input, pad, "reflect"),
                PaddingModes.Replicate => Aten.pad.Call(input, pad, "replicate"),
                _ => Aten.pad.Call(input, pad, "circular"),
            };

            public static Tensor pad(Tensor input, long[] pad, PaddingModes mode = PaddingModes.Constant, double value = 0) => functional.pad(input, (ReadOnlySpan<long>)pad, mode, value);

            public static Tensor pad(Tensor input, (long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) => functional.pad(input, [pad.Item1, pad.Item2], mode, value);

            public static Tensor pad(Tensor input, (long, long, long, long) pad, PaddingModes mode = PaddingModes.Constant, double value = 0) =>
                functional.pad(input, [pad.Item1, pad.Item2, pad.Item3, pad.Item4], mode, value);

            public static Tensor grid_sample(Tensor input, Tensor grid, GridSampleMode mode = GridSampleMode.Bilinear, GridSamplePaddingMode padding_mode = GridSamplePaddingMode.Zeros, bool? align_corners = null) =>
                Aten.grid_sampler.Call(
                    input,
                    grid,
                    mode == GridSampleMode.Bilinear ? 0L : 1L,
                    padding_mode switch { GridSamplePaddingMode.Zeros => 0L, GridSamplePaddingMode.Border => 1L, _ => 2L },
                    align_corners ?? false);

            public static Tensor affine_grid(Tensor theta, long[]? size = null, bool align_corners = false) =>
                Aten.affine_grid_generator.Call(theta, size ?? throw new ArgumentNullException(nameof(size)), align_corners);

            /// <summary>
            /// [N,C,…] resized to <paramref name="size"/> or by <paramref name="scale_factor"/>, one of which must be given. With a scale, sampling uses the
            /// scale itself unless <paramref name="recompute_scale_factor"/>.
            /// </summary>
            public static Tensor interpolate(Tensor x, long[]? size = null, double[]? scale_factor = null, InterpolationMode mode = InterpolationMode.Nearest, bool? align_corners = null, bool recompute_scale_factor = false, bool antialias = false)
            {
                if ((size is null) == (scale_factor is null))
                {
                    throw new ArgumentException("exactly one of size and scale_factor must be given");
                }

                int dimensions = (int)x.dim() - 2;
                if (scale_factor is { Length: 1 } && dimensions > 1)
                {
                    scale_factor = [.. Enumerable.Repeat(scale_factor[0], dimensions)];
                }

                if (scale_factor is not null && recompute_scale_factor)
                {
                    long[] shape = x.shape;
                    size = [.. scale_factor.Select((factor, i) => (long)Math.Floor(shape[i + 2] * factor))];
                    scale_factor = null;
                }

                Arg length = size;
                Arg scale = scale_factor;
                bool corners = align_corners ?? false;
                return (mode, dimensions, antialias) switch
                {
                    (InterpolationMode.Nearest, 1, false) => Aten.upsample_nearest1d_vec.Call(x, length, scale),
                    (InterpolationMode.Nearest, 2, false) => Aten.upsample_nearest2d_vec.Call(x, length, scale),
                    (InterpolationMode.NearestExact, 2, false) => Aten._upsample_nearest_exact2d_vec.Call(x, length, scale),
                    (InterpolationMode.Linear, 1, false) => Aten.upsample_linear1d_vec.Call(x, length, corners, scale),
                    (InterpolationMode.Bilinear, 2, false) => Aten.upsample_bilinear2d_vec.Call(x, length, corners, scale),
                    (InterpolationMode.Bicubic, 2, false) => Aten.upsample_bicubic2d_vec.Call(x, length, corners, scale),
                    (InterpolationMode.Bilinear, 2, true) => Aten._upsample_bilinear2d_aa_vec.Call(x, length, corners, scale),
                    (InterpolationMode.Bicubic, 2, true) => Aten._upsample_bicubic2d_aa_vec.Call(x, length, corners, scale),
                    (InterpolationMode.Area, 2, false) when size is not null => adaptive_avg_pool2d(x, size),
                    _ => throw new NotImplementedException($"interpolate with mode {mode}, antialias {antialias} of a tensor with {dimensions + 2} dimensions"),
                };
            }

            /// <summary>int64 classes to int64 of one more dimension, of length <paramref name="num_classes"/> or, when negative, the largest class + 1.</summary>
            public static Tensor one_hot(Tensor x, long num_classes = -1) => Aten.one_hot.Call(x, num_classes);

            public static Tensor unfold(Tensor input, (long, long) kernel_size, (long, long)? dilation = null, (long, long)? padding = null, (long, long)? stride = null) =>
                Aten.im2col.Call(input, kernel_size, dilation ?? (1, 1), padding ?? (0, 0), stride ?? (1, 1));

            public static Tensor pixel_shuffle(Tensor input, long upscale_factor) => Aten.pixel_shuffle.Call(input, upscale_factor);
        }
    }
}
