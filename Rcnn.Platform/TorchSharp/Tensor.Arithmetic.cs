using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor add(Tensor target) => Aten.add_Tensor.Call(this, target);

        public Tensor add(Tensor target, Scalar alpha) => Aten.add_Tensor.Call(this, target, alpha);

        public Tensor add(Scalar scalar) => Aten.add_Scalar.Call(this, scalar);

        public Tensor add(Scalar scalar, Scalar alpha) => Aten.add_Scalar.Call(this, scalar, alpha);

        public Tensor add_(Tensor target)
        {
            Aten.add__Tensor.Do(this, target);
            return this;
        }

        public Tensor add_(Tensor target, Scalar alpha)
        {
            Aten.add__Tensor.Do(this, target, alpha);
            return this;
        }

        public Tensor add_(Scalar scalar)
        {
            Aten.add__Scalar.Do(this, scalar);
            return this;
        }

        public Tensor add_(Scalar scalar, Scalar alpha)
        {
            Aten.add__Scalar.Do(this, scalar, alpha);
            return this;
        }

        public Tensor sub(Tensor target) => Aten.sub_Tensor.Call(this, target);

        public Tensor sub_(Tensor target)
        {
            Aten.sub__Tensor.Do(this, target);
            return this;
        }

        public Tensor sub(Scalar target) => Aten.sub_Scalar.Call(this, target);

        public Tensor sub_(Scalar target)
        {
            Aten.sub__Scalar.Do(this, target);
            return this;
        }

        public Tensor subtract(Tensor target) => Aten.sub_Tensor.Call(this, target);

        public Tensor subtract(Scalar target) => Aten.sub_Scalar.Call(this, target);

        public Tensor mul(Tensor target) => Aten.mul_Tensor.Call(this, target);

        public Tensor mul_(Tensor target)
        {
            Aten.mul__Tensor.Do(this, target);
            return this;
        }

        public Tensor mul(Scalar target) => Aten.mul_Scalar.Call(this, target);

        public Tensor mul_(Scalar target)
        {
            Aten.mul__Scalar.Do(this, target);
            return this;
        }

        public Tensor multiply(Tensor target) => Aten.mul_Tensor.Call(this, target);

        public Tensor multiply(Scalar target) => Aten.mul_Scalar.Call(this, target);

        public Tensor div(Tensor target, RoundingMode rounding_mode = RoundingMode.None) =>
            rounding_mode == RoundingMode.None ? Aten.div_Tensor.Call(this, target) : Aten.div_Tensor_mode.Call(this, target, Mode(rounding_mode));

        public Tensor div_(Tensor target, RoundingMode rounding_mode = RoundingMode.None)
        {
            if (rounding_mode == RoundingMode.None)
            {
                Aten.div__Tensor.Do(this, target);
            }
            else
            {
                Aten.div__Tensor_mode.Do(this, target, Mode(rounding_mode));
            }

            return this;
        }

        public Tensor div(Scalar target, RoundingMode rounding_mode = RoundingMode.None) =>
            rounding_mode == RoundingMode.None ? Aten.div_Scalar.Call(this, target) : Aten.div_Scalar_mode.Call(this, target, Mode(rounding_mode));

        public Tensor div_(Scalar target, RoundingMode rounding_mode = RoundingMode.None)
        {
            if (rounding_mode == RoundingMode.None)
            {
                Aten.div__Scalar.Do(this, target);
            }
            else
            {
                Aten.div__Scalar_mode.Do(this, target, Mode(rounding_mode));
            }

            return this;
        }

        public Tensor divide(Tensor target, RoundingMode rounding_mode = RoundingMode.None) =>
            rounding_mode == RoundingMode.None ? Aten.div_Tensor.Call(this, target) : Aten.div_Tensor_mode.Call(this, target, Mode(rounding_mode));

        public Tensor divide(Scalar target, RoundingMode rounding_mode = RoundingMode.None) =>
            rounding_mode == RoundingMode.None ? Aten.div_Scalar.Call(this, target) : Aten.div_Scalar_mode.Call(this, target, Mode(rounding_mode));

        public Tensor true_divide(Tensor other) => Aten.div_Tensor.Call(this, other);

        public Tensor true_divide(Scalar other) => Aten.div_Scalar.Call(this, other);

        public Tensor floor_divide(Tensor other) => Aten.floor_divide.Call(this, other);

        public Tensor floor_divide(Scalar other) => Aten.floor_divide_Scalar.Call(this, other);

        public Tensor floor_divide_(Tensor other)
        {
            Aten.floor_divide__Tensor.Do(this, other);
            return this;
        }

        public Tensor floor_divide_(Scalar other)
        {
            Aten.floor_divide__Scalar.Do(this, other);
            return this;
        }

        public Tensor fmod(Tensor target) => Aten.fmod_Tensor.Call(this, target);

        public Tensor fmod_(Tensor target)
        {
            Aten.fmod__Tensor.Do(this, target);
            return this;
        }

        public Tensor fmod(Scalar scalar) => Aten.fmod_Scalar.Call(this, scalar);

        public Tensor fmod_(Scalar scalar)
        {
            Aten.fmod__Scalar.Do(this, scalar);
            return this;
        }

        public Tensor remainder(Tensor target) => Aten.remainder_Tensor.Call(this, target);

        public Tensor remainder_(Tensor target)
        {
            Aten.remainder__Tensor.Do(this, target);
            return this;
        }

        public Tensor remainder(Scalar scalar) => Aten.remainder_Scalar.Call(this, scalar);

        public Tensor remainder_(Scalar scalar)
        {
            Aten.remainder__Scalar.Do(this, scalar);
            return this;
        }

        public Tensor pow(Tensor exponent) => Aten.pow_Tensor_Tensor.Call(this, exponent);

        public Tensor pow(Scalar exponent) => Aten.pow_Tensor_Scalar.Call(this, exponent);

        public Tensor pow_(Tensor exponent)
        {
            Aten.pow__Tensor.Do(this, exponent);
            return this;
        }

        public Tensor pow_(Scalar exponent)
        {
            Aten.pow__Scalar.Do(this, exponent);
            return this;
        }

        public Tensor atan2(Tensor other) => Aten.atan2.Call(this, other);

        public Tensor hypot(Tensor other) => Aten.hypot.Call(this, other);

        public Tensor logaddexp(Tensor other) => Aten.logaddexp.Call(this, other);

        public Tensor logaddexp2(Tensor other) => Aten.logaddexp2.Call(this, other);

        public Tensor maximum(Tensor other) => Aten.maximum.Call(this, other);

        public Tensor minimum(Tensor other) => Aten.minimum.Call(this, other);

        public Tensor fmax(Tensor other) => Aten.fmax.Call(this, other);

        public Tensor fmin(Tensor other) => Aten.fmin.Call(this, other);

        public Tensor logical_and(Tensor other) => Aten.logical_and.Call(this, other);

        public Tensor logical_or(Tensor other) => Aten.logical_or.Call(this, other);

        public Tensor logical_xor(Tensor other) => Aten.logical_xor.Call(this, other);

        public Tensor nextafter(Tensor other) => Aten.nextafter.Call(this, other);

        public Tensor gcd(Tensor other) => Aten.gcd.Call(this, other);

        public Tensor lcm(Tensor other) => Aten.lcm.Call(this, other);

        public Tensor copysign(Tensor other) => Aten.copysign_Tensor.Call(this, other);

        public Tensor copysign_(Tensor other)
        {
            Aten.copysign__Tensor.Do(this, other);
            return this;
        }

        public Tensor bitwise_and(Tensor other) => Aten.bitwise_and_Tensor.Call(this, other);

        public Tensor bitwise_and_(Tensor other)
        {
            Aten.bitwise_and__Tensor.Do(this, other);
            return this;
        }

        public Tensor bitwise_or(Tensor other) => Aten.bitwise_or_Tensor.Call(this, other);

        public Tensor bitwise_or_(Tensor other)
        {
            Aten.bitwise_or__Tensor.Do(this, other);
            return this;
        }

        public Tensor bitwise_xor(Tensor other) => Aten.bitwise_xor_Tensor.Call(this, other);

        public Tensor bitwise_xor_(Tensor other)
        {
            Aten.bitwise_xor__Tensor.Do(this, other);
            return this;
        }

        public Tensor bitwise_left_shift(Tensor other) => Aten.bitwise_left_shift_Tensor.Call(this, other);

        public Tensor bitwise_left_shift_(Tensor other)
        {
            Aten.bitwise_left_shift__Tensor.Do(this, other);
            return this;
        }

        public Tensor bitwise_right_shift(Tensor other) => Aten.bitwise_right_shift_Tensor.Call(this, other);

        public Tensor bitwise_right_shift_(Tensor other)
        {
            Aten.bitwise_right_shift__Tensor.Do(this, other);
            return this;
        }

        public Tensor logical_and_(Tensor other)
        {
            Aten.logical_and_.Do(this, other);
            return this;
        }

        public Tensor logical_or_(Tensor other)
        {
            Aten.logical_or_.Do(this, other);
            return this;
        }

        public Tensor logical_xor_(Tensor other)
        {
            Aten.logical_xor_.Do(this, other);
            return this;
        }

        public Tensor atan2_(Tensor other)
        {
            Aten.atan2_.Do(this, other);
            return this;
        }

        public Tensor hypot_(Tensor other)
        {
            Aten.hypot_.Do(this, other);
            return this;
        }

        public Tensor xlogy(Tensor y) => Aten.xlogy_Tensor.Call(this, y);

        public Tensor heaviside(Tensor other) => Aten.heaviside.Call(this, other);

        public Tensor lerp(Tensor end, Tensor weight) => Aten.lerp_Tensor.Call(this, end, weight);

        public Tensor lerp_(Tensor end, Tensor weight)
        {
            Aten.lerp__Tensor.Do(this, end, weight);
            return this;
        }

        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value) => Aten.addcmul.Call(this, tensor1, tensor2, value);

        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value)
        {
            Aten.addcmul_.Do(this, tensor1, tensor2, value);
            return this;
        }

        public Tensor addcdiv(Tensor tensor1, Tensor tensor2, Scalar value) => Aten.addcdiv.Call(this, tensor1, tensor2, value);

        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value)
        {
            Aten.addcdiv_.Do(this, tensor1, tensor2, value);
            return this;
        }

        public Tensor addcdiv(Tensor tensor1, Tensor tensor2) => Aten.addcdiv.Call(this, tensor1, tensor2);

        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2)
        {
            Aten.addcdiv_.Do(this, tensor1, tensor2);
            return this;
        }

        public Tensor clamp(Scalar? min = null, Scalar? max = null) => Aten.clamp.Call(this, min, max);

        public Tensor clip(Scalar? min = null, Scalar? max = null) => Aten.clamp.Call(this, min, max);

        public Tensor clamp(Tensor? min = null, Tensor? max = null) => Aten.clamp_Tensor.Call(this, min, max);

        public Tensor clamp_(Scalar? min = null, Scalar? max = null)
        {
            Aten.clamp_.Do(this, min, max);
            return this;
        }

        public Tensor clamp_(Tensor? min = null, Tensor? max = null)
        {
            Aten.clamp__Tensor.Do(this, min, max);
            return this;
        }

        public Tensor clamp_min(Scalar min) => Aten.clamp_min.Call(this, min);

        public Tensor clamp_min_(Scalar min)
        {
            Aten.clamp_min_.Do(this, min);
            return this;
        }

        public Tensor clamp_max(Scalar max) => Aten.clamp_max.Call(this, max);

        public Tensor clamp_max_(Scalar max)
        {
            Aten.clamp_max_.Do(this, max);
            return this;
        }

        public Tensor logit(double? eps = null) => Aten.logit.Call(this, eps);

        public Tensor nan_to_num(double nan = 0d, double? posinf = null, double? neginf = null) => Aten.nan_to_num.Call(this, nan, posinf, neginf);

        public Tensor nan_to_num_(double nan = 0d, double? posinf = null, double? neginf = null)
        {
            Aten.nan_to_num_.Do(this, nan, posinf, neginf);
            return this;
        }

        public Tensor softmax(long dim, ScalarType? dtype = null) => Aten.softmax_int.Call(this, dim, dtype);

        public Tensor log_softmax(long dim, ScalarType? dtype = null) => Aten.log_softmax_int.Call(this, dim, dtype);

        public Tensor softplus(double beta = 1, double threshold = 20) => Aten.softplus.Call(this, beta, threshold);

        public Tensor gelu() => Aten.gelu.Call(this);

        public Tensor elu(double alpha = 1) => Aten.elu.Call(this, alpha);

        public Tensor leaky_relu(Scalar negative_slope) => Aten.leaky_relu.Call(this, negative_slope);

        public Tensor leaky_relu_(Scalar negative_slope)
        {
            Aten.leaky_relu_.Do(this, negative_slope);
            return this;
        }

        public Tensor hardtanh(Scalar min, Scalar max) => Aten.hardtanh.Call(this, min, max);

        public Tensor hardtanh_(Scalar min, Scalar max)
        {
            Aten.hardtanh_.Do(this, min, max);
            return this;
        }

        public Tensor log_sigmoid() => Aten.log_sigmoid.Call(this);

        public Tensor threshold(Scalar threshold, Scalar value) => Aten.threshold.Call(this, threshold, value);

        private static string Mode(RoundingMode mode) => mode == RoundingMode.floor ? "floor" : "trunc";
    }
}
