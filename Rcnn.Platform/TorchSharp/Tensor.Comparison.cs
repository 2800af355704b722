using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor eq(Tensor target) => Aten.eq_Tensor.Call(this, target);

        public Tensor eq(Scalar target) => Aten.eq_Scalar.Call(this, target);

        public Tensor eq_(Tensor target)
        {
            Aten.eq__Tensor.Do(this, target);
            return this;
        }

        public Tensor eq_(Scalar target)
        {
            Aten.eq__Scalar.Do(this, target);
            return this;
        }

        public Tensor ne(Tensor target) => Aten.ne_Tensor.Call(this, target);

        public Tensor ne(Scalar target) => Aten.ne_Scalar.Call(this, target);

        public Tensor ne_(Tensor target)
        {
            Aten.ne__Tensor.Do(this, target);
            return this;
        }

        public Tensor ne_(Scalar target)
        {
            Aten.ne__Scalar.Do(this, target);
            return this;
        }

        public Tensor not_equal(Tensor target) => Aten.ne_Tensor.Call(this, target);

        public Tensor lt(Tensor target) => Aten.lt_Tensor.Call(this, target);

        public Tensor lt(Scalar target) => Aten.lt_Scalar.Call(this, target);

        public Tensor lt_(Tensor target)
        {
            Aten.lt__Tensor.Do(this, target);
            return this;
        }

        public Tensor lt_(Scalar target)
        {
            Aten.lt__Scalar.Do(this, target);
            return this;
        }

        public Tensor less(Tensor target) => Aten.lt_Tensor.Call(this, target);

        public Tensor le(Tensor target) => Aten.le_Tensor.Call(this, target);

        public Tensor le(Scalar target) => Aten.le_Scalar.Call(this, target);

        public Tensor le_(Tensor target)
        {
            Aten.le__Tensor.Do(this, target);
            return this;
        }

        public Tensor le_(Scalar target)
        {
            Aten.le__Scalar.Do(this, target);
            return this;
        }

        public Tensor less_equal(Tensor target) => Aten.le_Tensor.Call(this, target);

        public Tensor gt(Tensor target) => Aten.gt_Tensor.Call(this, target);

        public Tensor gt(Scalar target) => Aten.gt_Scalar.Call(this, target);

        public Tensor gt_(Tensor target)
        {
            Aten.gt__Tensor.Do(this, target);
            return this;
        }

        public Tensor gt_(Scalar target)
        {
            Aten.gt__Scalar.Do(this, target);
            return this;
        }

        public Tensor greater(Tensor target) => Aten.gt_Tensor.Call(this, target);

        public Tensor ge(Tensor target) => Aten.ge_Tensor.Call(this, target);

        public Tensor ge(Scalar target) => Aten.ge_Scalar.Call(this, target);

        public Tensor ge_(Tensor target)
        {
            Aten.ge__Tensor.Do(this, target);
            return this;
        }

        public Tensor ge_(Scalar target)
        {
            Aten.ge__Scalar.Do(this, target);
            return this;
        }

        public Tensor greater_equal(Tensor target) => Aten.ge_Tensor.Call(this, target);

        /// <summary>Element by element, as in TorchSharp; for one answer see <see cref="Equals(Tensor)"/> and <see cref="allclose"/>.</summary>
        public Tensor equal(Tensor target) => eq(target);

        public bool allclose(Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false) => Aten.allclose.CallValue(this, target, rtol, atol, equal_nan).Bits != 0;

        public Tensor isclose(Tensor other, double rtol = 1e-05, double atol = 1e-08, bool nanEqual = false) => Aten.isclose.Call(this, other, rtol, atol, nanEqual);

        public Tensor isin(Tensor test_elements, bool assumeUnique = false, bool invert = false) => Aten.isin_Tensor_Tensor.Call(this, test_elements, assumeUnique, invert);

        public static Tensor operator ==(Tensor left, Tensor right) => left.eq(right);

        public static Tensor operator ==(Tensor left, Scalar right) => left.eq(right);

        public static Tensor operator ==(Scalar left, Tensor right) => right.eq(left);

        public static Tensor operator !=(Tensor left, Tensor right) => left.ne(right);

        public static Tensor operator !=(Tensor left, Scalar right) => left.ne(right);

        public static Tensor operator !=(Scalar left, Tensor right) => right.ne(left);

        public static Tensor operator <(Tensor left, Tensor right) => left.lt(right);

        public static Tensor operator <(Tensor left, Scalar right) => left.lt(right);

        public static Tensor operator <(Scalar left, Tensor right) => right.gt(left);

        public static Tensor operator <=(Tensor left, Tensor right) => left.le(right);

        public static Tensor operator <=(Tensor left, Scalar right) => left.le(right);

        public static Tensor operator <=(Scalar left, Tensor right) => right.ge(left);

        public static Tensor operator >(Tensor left, Tensor right) => left.gt(right);

        public static Tensor operator >(Tensor left, Scalar right) => left.gt(right);

        public static Tensor operator >(Scalar left, Tensor right) => right.lt(left);

        public static Tensor operator >=(Tensor left, Tensor right) => left.ge(right);

        public static Tensor operator >=(Tensor left, Scalar right) => left.ge(right);

        public static Tensor operator >=(Scalar left, Tensor right) => right.le(left);
    }
}
