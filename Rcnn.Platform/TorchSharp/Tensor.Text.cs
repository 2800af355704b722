using System.Globalization;
using System.Text;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Shape, type and device.</summary>
        public override string ToString() => IsInvalid ? "disposed tensor" : $"[{string.Join("x", shape)}], type = {dtype}, device = {device}";

        /// <summary>With the values, up to six in each dimension.</summary>
        internal string Describe(string format)
        {
            using DisposeScope scope = NewDisposeScope();
            var text = new StringBuilder(ToString()).Append(", value = ");
            Append(text, detach().cpu(), format);
            return text.ToString();
        }

        private static void Append(StringBuilder text, Tensor part, string format)
        {
            if (part.dim() == 0)
            {
                Scalar value = part.ToScalar();
                text.Append(value.Tag == Interop.Tag.Double ? value.AsDouble.ToString(format, CultureInfo.InvariantCulture) : value.AsInt64.ToString(CultureInfo.InvariantCulture));
                return;
            }

            const int Shown = 3;
            long length = part.shape[0];
            text.Append('[');
            for (long i = 0; i < length; i++)
            {
                if (length > 2 * Shown && i == Shown)
                {
                    text.Append(", …");
                    i = length - Shown;
                }

                text.Append(i == 0 ? "" : ", ");
                Append(text, part.select(0, i), format);
            }

            text.Append(']');
        }
    }
}

public static partial class TensorExtensionMethods
{
    public static string str(this torch.Tensor tensor, string? fltFormat = null) => tensor.Describe(fltFormat ?? "g5");

    public static torch.Tensor print(this torch.Tensor t, string? fltFormat = "g5")
    {
        Console.WriteLine(t.Describe(fltFormat ?? "g5"));
        return t;
    }
}
