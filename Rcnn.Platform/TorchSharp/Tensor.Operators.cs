using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public static Tensor operator +(Tensor left, Tensor right) => Aten.add_Tensor.Call(left, right);

        public static Tensor operator +(Tensor left, Scalar right) => Aten.add_Scalar.Call(left, right);

        public static Tensor operator +(Tensor left, int right) => Aten.add_Scalar.Call(left, right);

        public static Tensor operator +(Tensor left, long right) => Aten.add_Scalar.Call(left, right);

        public static Tensor operator +(Tensor left, float right) => Aten.add_Scalar.Call(left, right);

        public static Tensor operator +(Tensor left, double right) => Aten.add_Scalar.Call(left, right);

        public static Tensor operator +(Scalar left, Tensor right) => Aten.add_Scalar.Call(right, left);

        public static Tensor operator +(int left, Tensor right) => Aten.add_Scalar.Call(right, left);

        public static Tensor operator +(long left, Tensor right) => Aten.add_Scalar.Call(right, left);

        public static Tensor operator +(float left, Tensor right) => Aten.add_Scalar.Call(right, left);

        public static Tensor operator +(double left, Tensor right) => Aten.add_Scalar.Call(right, left);

        public static Tensor operator -(Tensor left, Tensor right) => Aten.sub_Tensor.Call(left, right);

        public static Tensor operator -(Tensor left, Scalar right) => Aten.sub_Scalar.Call(left, right);

        public static Tensor operator -(Tensor left, int right) => Aten.sub_Scalar.Call(left, right);

        public static Tensor operator -(Tensor left, long right) => Aten.sub_Scalar.Call(left, right);

        public static Tensor operator -(Tensor left, float right) => Aten.sub_Scalar.Call(left, right);

        public static Tensor operator -(Tensor left, double right) => Aten.sub_Scalar.Call(left, right);

        public static Tensor operator -(Scalar left, Tensor right) => Aten.rsub_Scalar.Call(right, left);

        public static Tensor operator -(int left, Tensor right) => Aten.rsub_Scalar.Call(right, left);

        public static Tensor operator -(long left, Tensor right) => Aten.rsub_Scalar.Call(right, left);

        public static Tensor operator -(float left, Tensor right) => Aten.rsub_Scalar.Call(right, left);

        public static Tensor operator -(double left, Tensor right) => Aten.rsub_Scalar.Call(right, left);

        public static Tensor operator *(Tensor left, Tensor right) => Aten.mul_Tensor.Call(left, right);

        public static Tensor operator *(Tensor left, Scalar right) => Aten.mul_Scalar.Call(left, right);

        public static Tensor operator *(Tensor left, int right) => Aten.mul_Scalar.Call(left, right);

        public static Tensor operator *(Tensor left, long right) => Aten.mul_Scalar.Call(left, right);

        public static Tensor operator *(Tensor left, float right) => Aten.mul_Scalar.Call(left, right);

        public static Tensor operator *(Tensor left, double right) => Aten.mul_Scalar.Call(left, right);

        public static Tensor operator *(Scalar left, Tensor right) => Aten.mul_Scalar.Call(right, left);

        public static Tensor operator *(int left, Tensor right) => Aten.mul_Scalar.Call(right, left);

        public static Tensor operator *(long left, Tensor right) => Aten.mul_Scalar.Call(right, left);

        public static Tensor operator *(float left, Tensor right) => Aten.mul_Scalar.Call(right, left);

        public static Tensor operator *(double left, Tensor right) => Aten.mul_Scalar.Call(right, left);

        public static Tensor operator /(Tensor left, Tensor right) => Aten.div_Tensor.Call(left, right);

        public static Tensor operator /(Tensor left, Scalar right) => Aten.div_Scalar.Call(left, right);

        public static Tensor operator /(Tensor left, int right) => Aten.div_Scalar.Call(left, right);

        public static Tensor operator /(Tensor left, long right) => Aten.div_Scalar.Call(left, right);

        public static Tensor operator /(Tensor left, float right) => Aten.div_Scalar.Call(left, right);

        public static Tensor operator /(Tensor left, double right) => Aten.div_Scalar.Call(left, right);

        public static Tensor operator /(Scalar left, Tensor right) => Divide(left, right);

        public static Tensor operator /(int left, Tensor right) => Divide(left, right);

        public static Tensor operator /(long left, Tensor right) => Divide(left, right);

        public static Tensor operator /(float left, Tensor right) => Divide(left, right);

        public static Tensor operator /(double left, Tensor right) => Divide(left, right);

        public static Tensor operator %(Tensor left, Tensor right) => Aten.remainder_Tensor.Call(left, right);

        public static Tensor operator %(Tensor left, Scalar right) => Aten.remainder_Scalar.Call(left, right);

        public static Tensor operator %(Tensor left, int right) => Aten.remainder_Scalar.Call(left, right);

        public static Tensor operator %(Tensor left, long right) => Aten.remainder_Scalar.Call(left, right);

        public static Tensor operator %(Tensor left, float right) => Aten.remainder_Scalar.Call(left, right);

        public static Tensor operator %(Tensor left, double right) => Aten.remainder_Scalar.Call(left, right);

        public static Tensor operator &(Tensor left, Tensor right) => left.bitwise_and(right);

        public static Tensor operator |(Tensor left, Tensor right) => left.bitwise_or(right);

        public static Tensor operator ^(Tensor left, Tensor right) => left.bitwise_xor(right);

        public static Tensor operator ~(Tensor left) => left.bitwise_not();

        public static Tensor operator -(Tensor tensor) => tensor.neg();

        public static implicit operator Tensor(byte value) => tensor(value);

        public static implicit operator Tensor(sbyte value) => tensor(value);

        public static implicit operator Tensor(short value) => tensor(value);

        public static implicit operator Tensor(int value) => tensor(value);

        public static implicit operator Tensor(long value) => tensor(value);

        public static implicit operator Tensor(float value) => tensor(value);

        public static implicit operator Tensor(double value) => tensor(value);

        public static implicit operator Tensor(bool value) => tensor(value);

        public static implicit operator Tensor(byte[] value) => tensor(value);

        public static implicit operator Tensor(sbyte[] value) => tensor(value);

        public static implicit operator Tensor(short[] value) => tensor(value);

        public static implicit operator Tensor(int[] value) => tensor(value);

        public static implicit operator Tensor(long[] value) => tensor(value);

        public static implicit operator Tensor(float[] value) => tensor(value);

        public static implicit operator Tensor(double[] value) => tensor(value);

        public static implicit operator Tensor(bool[] value) => tensor(value);

        public static implicit operator Tensor(Scalar scalar) => scalar.Tag switch
        {
            Tag.Double => tensor(scalar.AsDouble, scalar.Type),
            Tag.Bool => tensor(scalar.Bits != 0),
            _ => tensor(scalar.Bits, scalar.Type),
        };

        public static explicit operator float(Tensor value) => value.ToScalar().ToSingle();

        public static explicit operator double(Tensor value) => value.ToScalar().ToDouble();

        public static explicit operator sbyte(Tensor value) => value.ToScalar().ToSByte();

        public static explicit operator byte(Tensor value) => value.ToScalar().ToByte();

        public static explicit operator short(Tensor value) => value.ToScalar().ToInt16();

        public static explicit operator int(Tensor value) => value.ToScalar().ToInt32();

        public static explicit operator long(Tensor value) => value.ToScalar().ToInt64();

        public static explicit operator bool(Tensor value) => value.ToScalar().ToBoolean();

        // As in PyTorch: the reciprocal, then the product.
        private static Tensor Divide(Arg number, Tensor divisor)
        {
            using Tensor inverse = OutOfScope(Aten.reciprocal.Call(divisor));
            return Aten.mul_Scalar.Call(inverse, number);
        }
    }
}
