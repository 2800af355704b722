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

    /// <summary>G, [6,3].</summary>
    public static double[] FilterMatrix()
    {
        const double a = A, b = B, zero = a * a * b * b, ofA = 2 * a * a * (a * a - b * b), ofB = 2 * b * b * (b * b - a * a);
        return
        [
            1 / zero, 0, 0,
            1 / ofA, a / ofA, a * a / ofA,
            1 / ofA, -a / ofA, a * a / ofA,
            1 / ofB, b / ofB, b * b / ofB,
            1 / ofB, -b / ofB, b * b / ofB,
            0, 0, 1,
        ];
    }
}
