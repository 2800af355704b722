using TorchSharp.Interop;

namespace TorchSharp;

/// <summary>The operations as functions of the torch class; see the members of Tensor.</summary>
public static partial class torch
{
    public static Tensor abs(Tensor input) => input.abs();

    public static Tensor ceil(Tensor input) => input.ceil();

    public static Tensor floor(Tensor input) => input.floor();

    public static Tensor frac(Tensor input) => input.frac();

    public static Tensor trunc(Tensor input) => input.trunc();

    public static Tensor exp(Tensor input) => input.exp();

    public static Tensor exp2(Tensor input) => input.exp2();

    public static Tensor expm1(Tensor input) => input.expm1();

    public static Tensor log(Tensor input) => input.log();

    public static Tensor log10(Tensor input) => input.log10();

    public static Tensor log1p(Tensor input) => input.log1p();

    public static Tensor log2(Tensor input) => input.log2();

    public static Tensor neg(Tensor input) => input.neg();

    public static Tensor reciprocal(Tensor input) => input.reciprocal();

    public static Tensor rsqrt(Tensor input) => input.rsqrt();

    public static Tensor sqrt(Tensor input) => input.sqrt();

    public static Tensor square(Tensor input) => input.square();

    public static Tensor sign(Tensor input) => input.sign();

    public static Tensor sigmoid(Tensor input) => input.sigmoid();

    public static Tensor sin(Tensor input) => input.sin();

    public static Tensor cos(Tensor input) => input.cos();

    public static Tensor tan(Tensor input) => input.tan();

    public static Tensor sinh(Tensor input) => input.sinh();

    public static Tensor cosh(Tensor input) => input.cosh();

    public static Tensor tanh(Tensor input) => input.tanh();

    public static Tensor asin(Tensor input) => input.asin();

    public static Tensor acos(Tensor input) => input.acos();

    public static Tensor atan(Tensor input) => input.atan();

    public static Tensor erf(Tensor input) => input.erf();

    public static Tensor erfc(Tensor input) => input.erfc();

    public static Tensor relu(Tensor input) => input.relu();

    public static Tensor relu_(Tensor input) => input.relu_();

    public static Tensor bitwise_not(Tensor input) => input.bitwise_not();

    public static Tensor logical_not(Tensor input) => input.logical_not();

    public static Tensor isnan(Tensor input) => input.isnan();

    public static Tensor isinf(Tensor input) => input.isinf();

    public static Tensor isfinite(Tensor input) => input.isfinite();

    public static Tensor logit(Tensor input) => input.logit();

    public static Tensor abs_(Tensor input) => input.abs_();

    public static Tensor exp_(Tensor input) => input.exp_();

    public static Tensor log_(Tensor input) => input.log_();

    public static Tensor sqrt_(Tensor input) => input.sqrt_();

    public static Tensor neg_(Tensor input) => input.neg_();

    public static Tensor sigmoid_(Tensor input) => input.sigmoid_();

    public static Tensor tanh_(Tensor input) => input.tanh_();

    public static Tensor floor_(Tensor input) => input.floor_();

    public static Tensor ceil_(Tensor input) => input.ceil_();

    public static Tensor round(Tensor input, long decimals = 0L) => input.round(decimals);

    public static Tensor add(Tensor left, Tensor right) => left.add(right);

    public static Tensor add(Tensor left, Scalar right) => left.add(right);

    public static Tensor add_(Tensor left, Tensor right) => left.add_(right);

    public static Tensor add_(Tensor left, Scalar right) => left.add_(right);

    public static Tensor sub(Tensor left, Tensor right) => left.sub(right);

    public static Tensor sub(Tensor left, Scalar right) => left.sub(right);

    public static Tensor sub_(Tensor left, Tensor right) => left.sub_(right);

    public static Tensor sub_(Tensor left, Scalar right) => left.sub_(right);

    public static Tensor mul(Tensor left, Tensor right) => left.mul(right);

    public static Tensor mul(Tensor left, Scalar right) => left.mul(right);

    public static Tensor mul_(Tensor left, Tensor right) => left.mul_(right);

    public static Tensor mul_(Tensor left, Scalar right) => left.mul_(right);

    public static Tensor add(Tensor left, Tensor right, Scalar alpha) => left.add(right, alpha);

    public static Tensor div(Tensor left, Tensor right, RoundingMode rounding_mode = RoundingMode.None) => left.div(right, rounding_mode);

    public static Tensor div(Tensor left, Scalar right, RoundingMode rounding_mode = RoundingMode.None) => left.div(right, rounding_mode);

    public static Tensor floor_divide(Tensor input, Tensor other) => input.floor_divide(other);

    public static Tensor fmod(Tensor left, Tensor right) => left.fmod(right);

    public static Tensor remainder(Tensor left, Tensor right) => left.remainder(right);

    public static Tensor pow(Tensor left, Tensor exponent) => left.pow(exponent);

    public static Tensor fmod(Tensor left, Scalar right) => left.fmod(right);

    public static Tensor remainder(Tensor left, Scalar right) => left.remainder(right);

    public static Tensor pow(Tensor left, Scalar exponent) => left.pow(exponent);

    public static Tensor maximum(Tensor input, Tensor other) => input.maximum(other);

    public static Tensor minimum(Tensor input, Tensor other) => input.minimum(other);

    public static Tensor fmax(Tensor input, Tensor other) => input.fmax(other);

    public static Tensor fmin(Tensor input, Tensor other) => input.fmin(other);

    public static Tensor atan2(Tensor input, Tensor other) => input.atan2(other);

    public static Tensor hypot(Tensor input, Tensor other) => input.hypot(other);

    public static Tensor nextafter(Tensor input, Tensor other) => input.nextafter(other);

    public static Tensor logical_and(Tensor left, Tensor right) => left.logical_and(right);

    public static Tensor logical_or(Tensor left, Tensor right) => left.logical_or(right);

    public static Tensor logical_xor(Tensor left, Tensor right) => left.logical_xor(right);

    public static Tensor bitwise_and(Tensor left, Tensor right) => left.bitwise_and(right);

    public static Tensor bitwise_or(Tensor left, Tensor right) => left.bitwise_or(right);

    public static Tensor bitwise_xor(Tensor left, Tensor right) => left.bitwise_xor(right);

    public static Tensor bitwise_left_shift(Tensor left, Tensor right) => left.bitwise_left_shift(right);

    public static Tensor bitwise_right_shift(Tensor left, Tensor right) => left.bitwise_right_shift(right);

    public static Tensor eq(Tensor left, Tensor right) => left.eq(right);

    public static Tensor ne(Tensor left, Tensor right) => left.ne(right);

    public static Tensor lt(Tensor left, Tensor right) => left.lt(right);

    public static Tensor le(Tensor left, Tensor right) => left.le(right);

    public static Tensor gt(Tensor left, Tensor right) => left.gt(right);

    public static Tensor ge(Tensor left, Tensor right) => left.ge(right);

    public static Tensor equal(Tensor tensor, Tensor target) => tensor.equal(target);

    public static bool allclose(Tensor tensor, Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false) => tensor.allclose(target, rtol, atol, equal_nan);

    public static Tensor isclose(Tensor tensor, Tensor other, double rtol = 1e-05, double atol = 1e-08, bool nanEqual = false) => tensor.isclose(other, rtol, atol, nanEqual);

    public static Tensor isin(Tensor tensor, Tensor test_elements, bool assumeUnique = false, bool invert = false) => tensor.isin(test_elements, assumeUnique, invert);

    public static Tensor clamp(Tensor input, Scalar? min = null, Scalar? max = null) => input.clamp(min, max);

    public static Tensor clamp_(Tensor input, Scalar? min = null, Scalar? max = null) => input.clamp_(min, max);

    public static Tensor clamp(Tensor input, Tensor? min = null, Tensor? max = null) => input.clamp(min, max);

    public static Tensor clamp_(Tensor input, Tensor? min = null, Tensor? max = null) => input.clamp_(min, max);

    public static Tensor nan_to_num(Tensor input, double nan = 0d, double? posinf = null, double? neginf = null) => input.nan_to_num(nan, posinf, neginf);

    public static Tensor lerp(Tensor input, Tensor end, Tensor weight) => input.lerp(end, weight);

    public static Tensor softmax(Tensor input, int dim, ScalarType? dtype = null) => input.softmax(dim, dtype);

    public static Tensor cat(IList<Tensor> tensors, long dim = 0) => Aten.cat.Call(Arg.Tensors([.. tensors]), dim);

    public static Tensor concat(IList<Tensor> tensors, long dim = 0) => cat(tensors, dim);

    public static Tensor cat(Tensor[] tensors, long dim = 0) => Aten.cat.Call(Arg.Tensors(tensors), dim);

    public static Tensor concat(Tensor[] tensors, long dim = 0) => cat(tensors, dim);

    public static Tensor cat(ReadOnlySpan<Tensor> tensors, long dim = 0) => Aten.cat.Call(Arg.Tensors(tensors.ToArray()), dim);

    public static Tensor concat(ReadOnlySpan<Tensor> tensors, long dim = 0) => cat(tensors, dim);

    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0) => Aten.stack.Call(Arg.Tensors(tensors as Tensor[] ?? [.. tensors]), dim);

    public static Tensor hstack(IList<Tensor> tensors) => Aten.hstack.Call(Arg.Tensors([.. tensors]));

    public static Tensor vstack(IList<Tensor> tensors) => Aten.vstack.Call(Arg.Tensors([.. tensors]));

    public static Tensor hstack(params Tensor[] tensors) => Aten.hstack.Call(Arg.Tensors(tensors));

    public static Tensor vstack(Tensor[] tensors) => Aten.vstack.Call(Arg.Tensors(tensors));

    public static Tensor[] chunk(Tensor input, long chunks, long dim = 0) => input.chunk(chunks, dim);

    public static Tensor[] split(Tensor tensor, long[] split_size_or_sections, long dim = 0L) => tensor.split(split_size_or_sections, dim);

    public static Tensor[] unbind(Tensor input, long dim = 0L) => input.unbind(dim);

    public static Tensor where(Tensor condition, Tensor x, Tensor y) => Aten.where_self.Call(condition, x, y);

    public static Tensor[] where(Tensor condition) => Aten.where.CallList(condition);

    public static Tensor nonzero(Tensor input) => input.nonzero();

    public static Tensor gather(Tensor input, long dim, Tensor index) => input.gather(dim, index);

    public static Tensor index_select(Tensor input, long dim, Tensor index) => input.index_select(dim, index);

    public static Tensor index_add(Tensor input, long dim, Tensor index, Tensor source, Scalar alpha) => input.index_add(dim, index, source, alpha);

    public static Tensor masked_select(Tensor input, Tensor mask) => input.masked_select(mask);

    public static Tensor scatter(Tensor input, long dim, Tensor index, Tensor src) => input.scatter(dim, index, src);

    public static Tensor scatter_add(Tensor input, long dim, Tensor index, Tensor src) => input.scatter_add(dim, index, src);

    public static Tensor narrow(Tensor input, long dim, long start, long length) => input.narrow(dim, start, length);

    public static Tensor select(Tensor input, long dim, long index) => input.select(dim, index);

    public static Tensor permute(Tensor input, params long[] permutation) => input.permute(permutation);

    public static Tensor reshape(Tensor input, params long[] shape) => input.reshape(shape);

    public static Tensor transpose(Tensor input, long dim0, long dim1) => input.transpose(dim0, dim1);

    public static Tensor t(Tensor input) => input.t();

    public static Tensor squeeze(Tensor input, long? dim = null) => input.squeeze(dim);

    public static Tensor unsqueeze(Tensor input, long dim) => input.unsqueeze(dim);

    public static Tensor flatten(Tensor input, long start_dim = 0, long end_dim = -1) => input.flatten(start_dim, end_dim);

    public static Tensor flip(Tensor input, params long[] dims) => input.flip(dims);

    public static Tensor roll(Tensor input, long shifts, long? dims = null) => input.roll(shifts, dims);

    public static Tensor tile(Tensor input, long[] dims) => input.tile(dims);

    public static Tensor repeat_interleave(Tensor input, long repeats, long? dim = null, long? output_size = null) => input.repeat_interleave(repeats, dim, output_size);

    public static Tensor repeat_interleave(Tensor input, Tensor repeats, long? dim = null, long? output_size = null) => input.repeat_interleave(repeats, dim, output_size);

    public static Tensor broadcast_to(Tensor input, params long[] shape) => input.broadcast_to(shape);

    public static IList<Tensor> broadcast_tensors(params Tensor[] tensors) => Aten.broadcast_tensors.CallList(Arg.Tensors(tensors));

    public static Tensor[] meshgrid(IEnumerable<Tensor> tensors, string indexing = "ij") => Aten.meshgrid_indexing.CallList(Arg.Tensors([.. tensors]), indexing);

    public static Tensor einsum(string equation, params Tensor[] tensors) => Aten.einsum.Call(equation, Arg.Tensors(tensors));

    public static Tensor clone(Tensor input) => input.clone();

    public static Tensor cumsum(Tensor input, long dim, ScalarType? type = null) => input.cumsum(dim, type);

    public static Tensor cumprod(Tensor input, long dim, ScalarType? dtype = null) => input.cumprod(dim, dtype);

    public static Tensor diag(Tensor input, long diagonal = 0) => input.diag(diagonal);

    public static Tensor trace(Tensor input) => input.trace();

    public static Tensor tril(Tensor input, long diagonal = 0) => input.tril(diagonal);

    public static Tensor triu(Tensor input, long diagonal = 0L) => input.triu(diagonal);

    public static Tensor bincount(Tensor input, Tensor? weights = null, long minlength = 0) => input.bincount(weights, minlength);

    public static Tensor histc(Tensor input, long bins = 100, long min = 0, long max = 0) => input.histc(bins, min, max);

    public static Tensor bucketize(Tensor input, Tensor boundaries, bool outInt32 = false, bool right = false) => input.bucketize(boundaries, outInt32, right);

    public static Tensor searchsorted(Tensor sorted_sequence, Tensor values, bool out_int32 = false, bool right = false, Tensor? sorter = null) => Aten.searchsorted_Tensor.Call(sorted_sequence, values, out_int32, right, Arg.None, sorter);

    public static (Tensor values, Tensor indices) topk(Tensor tensor, int k, int dim = -1, bool largest = true, bool sorted = true) => tensor.topk(k, dim, largest, sorted);

    public static (Tensor values, Tensor indices) sort(Tensor input, long dim = -1, bool descending = false, bool stable = false) => input.sort(dim, descending, stable);

    public static Tensor argsort(Tensor input, long dim = -1, bool descending = false) => input.argsort(dim, descending);

    public static (Tensor values, Tensor indices) kthvalue(Tensor input, long k, long? dim, bool keepdim = false) => input.kthvalue(k, dim, keepdim);

    public static Tensor sum(Tensor input, ScalarType? type = null) => input.sum(type);

    public static Tensor mean(Tensor input) => input.mean();

    public static Tensor prod(Tensor input) => input.prod();

    public static Tensor std(Tensor input) => input.std();

    public static Tensor var(Tensor input) => input.var();

    public static Tensor max(Tensor input) => input.max();

    public static Tensor min(Tensor input) => input.min();

    public static Tensor argmax(Tensor input) => input.argmax();

    public static Tensor argmin(Tensor input) => input.argmin();

    public static Tensor all(Tensor input) => input.all();

    public static Tensor any(Tensor input) => input.any();

    public static Tensor median(Tensor input) => input.median();

    public static Tensor all(Tensor input, long dim, bool keepdim = false) => input.all(dim, keepdim);

    public static Tensor any(Tensor input, long dim, bool keepdim = false) => input.any(dim, keepdim);

    public static Tensor argmax(Tensor input, long dim, bool keepdim = false) => input.argmax(dim, keepdim);

    public static Tensor argmin(Tensor input, long dim, bool keepdim = false) => input.argmin(dim, keepdim);

    public static Tensor sum(Tensor input, long dim, bool keepdim = false, ScalarType? type = null) => input.sum(dim, keepdim, type);

    public static Tensor sum(Tensor input, long[] dim, bool keepdim = false, ScalarType? type = null) => input.sum(dim, keepdim, type);

    public static Tensor mean(Tensor input, long[] dimensions, bool keepdim = false, ScalarType? type = null) => input.mean(dimensions, keepdim, type);

    public static (Tensor values, Tensor indexes) max(Tensor input, long dim, bool keepdim = false) => input.max(dim, keepdim);

    public static (Tensor values, Tensor indexes) min(Tensor input, long dim, bool keepdim = false) => input.min(dim, keepdim);

    public static Tensor max(Tensor input, Tensor other) => input.maximum(other);

    public static Tensor min(Tensor input, Tensor other) => input.minimum(other);

    public static Tensor amax(Tensor input, long[] dims, bool keepdim = false, Tensor? @out = null) => input.amax(dims, keepdim, @out);

    public static Tensor amin(Tensor input, long[] dims, bool keepdim = false, Tensor? @out = null) => input.amin(dims, keepdim, @out);

    public static Tensor logsumexp(Tensor input, long dim, bool keepdim = false) => input.logsumexp(dim, keepdim);

    public static Tensor count_nonzero(Tensor input, long[]? dims = null) => input.count_nonzero(dims);

    public static (Tensor output, Tensor? inverse_indices, Tensor? counts) unique(Tensor input, bool sorted = true, bool return_inverse = false, bool return_counts = false, int? dim = null) => input.unique(sorted, return_inverse, return_counts, dim);

    public static Tensor norm(Tensor input, float p = 2.0f) => input.norm(p);

    public static Tensor matmul(Tensor input, Tensor target) => input.matmul(target);

    public static Tensor mm(Tensor input, Tensor target) => input.mm(target);

    public static Tensor mv(Tensor input, Tensor target) => input.mv(target);

    public static Tensor dot(Tensor input, Tensor other) => input.dot(other);

    public static Tensor outer(Tensor input, Tensor vec2) => input.outer(vec2);

    public static Tensor bmm(Tensor input, Tensor batch2) => input.bmm(batch2);

    public static Tensor addmm(Tensor input, Tensor mat1, Tensor mat2, float beta, float alpha) => input.addmm(mat1, mat2, beta, alpha);

    public static Tensor inverse(Tensor input) => input.inverse();

    public static Tensor det(Tensor input) => input.det();

    public static Tensor cdist(Tensor x1, Tensor x2, double p = 2.0) => Aten.cdist.Call(x1, x2, p);

    public static bool is_nonzero(Tensor input) => input.is_nonzero();

    public static ScalarType result_type(Tensor tensor1, Tensor tensor2) => (ScalarType)Aten.result_type_Tensor.CallValue(tensor1, tensor2).Bits;
}
