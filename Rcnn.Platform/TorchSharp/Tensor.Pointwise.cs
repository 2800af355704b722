using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor abs() => Aten.abs.Call(this);

        public Tensor abs_()
        {
            Aten.abs_.Do(this);
            return this;
        }

        public Tensor ceil() => Aten.ceil.Call(this);

        public Tensor ceil_()
        {
            Aten.ceil_.Do(this);
            return this;
        }

        public Tensor floor() => Aten.floor.Call(this);

        public Tensor floor_()
        {
            Aten.floor_.Do(this);
            return this;
        }

        public Tensor frac() => Aten.frac.Call(this);

        public Tensor frac_()
        {
            Aten.frac_.Do(this);
            return this;
        }

        public Tensor round(long decimals = 0L) => decimals == 0 ? Aten.round.Call(this) : Aten.round_decimals.Call(this, decimals);

        public Tensor round_(long decimals = 0L)
        {
            if (decimals == 0)
            {
                Aten.round_.Do(this);
            }
            else
            {
                Aten.round__decimals.Do(this, decimals);
            }

            return this;
        }

        public Tensor trunc() => Aten.trunc.Call(this);

        public Tensor trunc_()
        {
            Aten.trunc_.Do(this);
            return this;
        }

        public Tensor exp() => Aten.exp.Call(this);

        public Tensor exp_()
        {
            Aten.exp_.Do(this);
            return this;
        }

        public Tensor exp2() => Aten.exp2.Call(this);

        public Tensor exp2_()
        {
            Aten.exp2_.Do(this);
            return this;
        }

        public Tensor expm1() => Aten.expm1.Call(this);

        public Tensor expm1_()
        {
            Aten.expm1_.Do(this);
            return this;
        }

        public Tensor log() => Aten.log.Call(this);

        public Tensor log_()
        {
            Aten.log_.Do(this);
            return this;
        }

        public Tensor log10() => Aten.log10.Call(this);

        public Tensor log10_()
        {
            Aten.log10_.Do(this);
            return this;
        }

        public Tensor log1p() => Aten.log1p.Call(this);

        public Tensor log1p_()
        {
            Aten.log1p_.Do(this);
            return this;
        }

        public Tensor log2() => Aten.log2.Call(this);

        public Tensor log2_()
        {
            Aten.log2_.Do(this);
            return this;
        }

        public Tensor neg() => Aten.neg.Call(this);

        public Tensor neg_()
        {
            Aten.neg_.Do(this);
            return this;
        }

        public Tensor reciprocal() => Aten.reciprocal.Call(this);

        public Tensor reciprocal_()
        {
            Aten.reciprocal_.Do(this);
            return this;
        }

        public Tensor rsqrt() => Aten.rsqrt.Call(this);

        public Tensor rsqrt_()
        {
            Aten.rsqrt_.Do(this);
            return this;
        }

        public Tensor sqrt() => Aten.sqrt.Call(this);

        public Tensor sqrt_()
        {
            Aten.sqrt_.Do(this);
            return this;
        }

        public Tensor square() => Aten.square.Call(this);

        public Tensor square_()
        {
            Aten.square_.Do(this);
            return this;
        }

        public Tensor sign() => Aten.sign.Call(this);

        public Tensor sign_()
        {
            Aten.sign_.Do(this);
            return this;
        }

        public Tensor sgn() => Aten.sgn.Call(this);

        public Tensor sgn_()
        {
            Aten.sgn_.Do(this);
            return this;
        }

        public Tensor sigmoid() => Aten.sigmoid.Call(this);

        public Tensor sigmoid_()
        {
            Aten.sigmoid_.Do(this);
            return this;
        }

        public Tensor sin() => Aten.sin.Call(this);

        public Tensor sin_()
        {
            Aten.sin_.Do(this);
            return this;
        }

        public Tensor cos() => Aten.cos.Call(this);

        public Tensor cos_()
        {
            Aten.cos_.Do(this);
            return this;
        }

        public Tensor tan() => Aten.tan.Call(this);

        public Tensor tan_()
        {
            Aten.tan_.Do(this);
            return this;
        }

        public Tensor sinh() => Aten.sinh.Call(this);

        public Tensor sinh_()
        {
            Aten.sinh_.Do(this);
            return this;
        }

        public Tensor cosh() => Aten.cosh.Call(this);

        public Tensor cosh_()
        {
            Aten.cosh_.Do(this);
            return this;
        }

        public Tensor tanh() => Aten.tanh.Call(this);

        public Tensor tanh_()
        {
            Aten.tanh_.Do(this);
            return this;
        }

        public Tensor asin() => Aten.asin.Call(this);

        public Tensor asin_()
        {
            Aten.asin_.Do(this);
            return this;
        }

        public Tensor acos() => Aten.acos.Call(this);

        public Tensor acos_()
        {
            Aten.acos_.Do(this);
            return this;
        }

        public Tensor atan() => Aten.atan.Call(this);

        public Tensor atan_()
        {
            Aten.atan_.Do(this);
            return this;
        }

        public Tensor asinh() => Aten.asinh.Call(this);

        public Tensor asinh_()
        {
            Aten.asinh_.Do(this);
            return this;
        }

        public Tensor acosh() => Aten.acosh.Call(this);

        public Tensor acosh_()
        {
            Aten.acosh_.Do(this);
            return this;
        }

        public Tensor atanh() => Aten.atanh.Call(this);

        public Tensor atanh_()
        {
            Aten.atanh_.Do(this);
            return this;
        }

        public Tensor erf() => Aten.erf.Call(this);

        public Tensor erf_()
        {
            Aten.erf_.Do(this);
            return this;
        }

        public Tensor erfc() => Aten.erfc.Call(this);

        public Tensor erfc_()
        {
            Aten.erfc_.Do(this);
            return this;
        }

        public Tensor erfinv() => Aten.erfinv.Call(this);

        public Tensor erfinv_()
        {
            Aten.erfinv_.Do(this);
            return this;
        }

        public Tensor lgamma() => Aten.lgamma.Call(this);

        public Tensor lgamma_()
        {
            Aten.lgamma_.Do(this);
            return this;
        }

        public Tensor digamma() => Aten.digamma.Call(this);

        public Tensor digamma_()
        {
            Aten.digamma_.Do(this);
            return this;
        }

        public Tensor sinc() => Aten.sinc.Call(this);

        public Tensor sinc_()
        {
            Aten.sinc_.Do(this);
            return this;
        }

        public Tensor relu() => Aten.relu.Call(this);

        public Tensor relu_()
        {
            Aten.relu_.Do(this);
            return this;
        }

        public Tensor silu() => Aten.silu.Call(this);

        public Tensor silu_()
        {
            Aten.silu_.Do(this);
            return this;
        }

        public Tensor selu() => Aten.selu.Call(this);

        public Tensor selu_()
        {
            Aten.selu_.Do(this);
            return this;
        }

        public Tensor hardswish() => Aten.hardswish.Call(this);

        public Tensor hardswish_()
        {
            Aten.hardswish_.Do(this);
            return this;
        }

        public Tensor hardsigmoid() => Aten.hardsigmoid.Call(this);

        public Tensor hardsigmoid_()
        {
            Aten.hardsigmoid_.Do(this);
            return this;
        }

        public Tensor bitwise_not() => Aten.bitwise_not.Call(this);

        public Tensor bitwise_not_()
        {
            Aten.bitwise_not_.Do(this);
            return this;
        }

        public Tensor logical_not() => Aten.logical_not.Call(this);

        public Tensor logical_not_()
        {
            Aten.logical_not_.Do(this);
            return this;
        }

        public Tensor relu6() => Aten.relu6.Call(this);

        public Tensor relu6_()
        {
            Aten.relu6_.Do(this);
            return this;
        }

        public Tensor deg2rad() => Aten.deg2rad.Call(this);

        public Tensor deg2rad_()
        {
            Aten.deg2rad_.Do(this);
            return this;
        }

        public Tensor rad2deg() => Aten.rad2deg.Call(this);

        public Tensor rad2deg_()
        {
            Aten.rad2deg_.Do(this);
            return this;
        }

        public Tensor absolute() => Aten.abs.Call(this);

        public Tensor negative() => Aten.neg.Call(this);

        public Tensor fix() => Aten.trunc.Call(this);

        public Tensor positive() => Aten.positive.Call(this);

        public Tensor isnan() => Aten.isnan.Call(this);

        public Tensor isinf() => Aten.isinf.Call(this);

        public Tensor isfinite() => Aten.isfinite.Call(this);

        public Tensor isposinf() => Aten.isposinf.Call(this);

        public Tensor isneginf() => Aten.isneginf.Call(this);

        public Tensor isreal() => Aten.isreal.Call(this);

        public Tensor signbit() => Aten.signbit.Call(this);
    }
}
