namespace Rcnn.Ops;

/// <summary>An order of RoIs in which those that read the same cells follow each other.</summary>
internal static unsafe class RoiOrder
{
    private const float CellsPerStep = 8;
    private const int Steps = (1 << 12) - 1;

    /// <summary>0 … <paramref name="count"/> − 1 along the Z-curve of the centres, image after image; equal places by index.</summary>
    /// <param name="rois">[count,5]</param>
    /// <param name="count">RoIs.</param>
    /// <param name="scale">Feature cells per pixel.</param>
    public static int[] Neighbours(float* rois, int count, float scale)
    {
        var keys = new ulong[count];
        for (int k = 0; k < count; k++)
        {
            float* r = rois + 5L * k;
            uint place = Spread((r[1] + r[3]) * scale) | Spread((r[2] + r[4]) * scale) << 1;
            keys[k] = (ulong)((uint)r[0] & 0xFF) << 56 | (ulong)place << 32 | (uint)k;
        }

        Array.Sort(keys);
        return Array.ConvertAll(keys, key => (int)(uint)key);
    }

    // Twelve bits, each followed by a gap; NaN and what lies outside go to the border.
    private static uint Spread(float twiceCentre)
    {
        uint v = (uint)Math.Clamp((int)(twiceCentre / (2 * CellsPerStep)), 0, Steps);
        v = (v | v << 8) & 0x00FF00FF;
        v = (v | v << 4) & 0x0F0F0F0F;
        v = (v | v << 2) & 0x33333333;
        return (v | v << 1) & 0x55555555;
    }
}
