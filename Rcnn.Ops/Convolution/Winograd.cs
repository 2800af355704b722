namespace Rcnn.Ops;

/// <summary>
/// The matrices of Winograd's F(4×4, 3×3) (Lavin and Gray 2016): a 6×6 tile of the input gives 4×4 outputs, Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A, with 36 multiplications in
/// place of 144. The interpolation points are 0, ±3/4, ±3/2, ∞: with the usual 0, ±1, ±2, ∞ the largest error of a sum over 256 channels is four times as large
/// (7e-6 of the largest output against 2e-6; a direct sum in float32 has 3e-7).
/// </summary>
internal static class Winograd
{
    /// <summary>Side of the output tile.</summary>
    public const int Outputs = 4;

    /// <summary>Side of the input tile.</summary>
    public const int Inputs = 6;

    public const int Products = Inputs * Inputs;

    /// <summary>The points ±A and ±B; their squares and products are exact in float32.</summary>
    public const float A = 0.75f, B = 1.5f;

    public const float A2 = A * A, B2 = B * B, A2B2 = A2 * B2, SumOfSquares = A2 + B2;

    /// <summary>Row i of G·g for a column (g0, g1, g2) of the filter.</summary>
    public static double Filter(int i, double g0, double g1, double g2)
    {
        const double a = A, b = B, na = 2 * a * a * (a * a - b * b), nb = 2 * b * b * (b * b - a * a);
        return i switch
        {
            0 => g0 / (a * a * b * b),
            1 => (g0 + a * g1 + a * a * g2) / na,
            2 => (g0 - a * g1 + a * a * g2) / na,
            3 => (g0 + b * g1 + b * b * g2) / nb,
            4 => (g0 - b * g1 + b * b * g2) / nb,
            _ => g2,
        };
    }
}
