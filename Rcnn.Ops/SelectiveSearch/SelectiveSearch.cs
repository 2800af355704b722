using System.Runtime.InteropServices;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// Selective Search for Object Recognition (Uijlings, van de Sande, Gevers, Smeulders 2013): boxes of the regions of many hierarchical groupings of an image, the ones likely
/// to be whole objects first. Same image, options and seed: the same boxes in the same order, at any number of threads.
/// </summary>
public static class SelectiveSearch
{
    private const int LongestSide = ushort.MaxValue;

    /// <summary>Boxes as a tensor.</summary>
    /// <inheritdoc cref="Boxes" path="/param"/>
    /// <inheritdoc cref="Boxes" path="/exception"/>
    /// <returns>[N,4] float32 (x1,y1,x2,y2), half-open pixels, in order of priority; N may be 0 where <see cref="SelectiveSearchOptions.MinSide"/> leaves none</returns>
    public static Tensor Apply(ReadOnlySpan<byte> rgb, int height, int width, SelectiveSearchOptions? options = null)
    {
        float[] boxes = Boxes(rgb, height, width, options);
        return tensor(boxes, [boxes.Length / 4, 4]);
    }

    /// <summary>Boxes of an image, no two alike. The i-th region of a hierarchy, counted from its top, has priority i·u with u uniform in [0,1); ascending (§4.3).</summary>
    /// <param name="rgb">uint8, height × width × 3, RGB, row after row.</param>
    /// <param name="height">Rows, 1 … 65535.</param>
    /// <param name="width">Columns, 1 … 65535.</param>
    /// <param name="options">Default <see cref="SelectiveSearchOptions.Fast"/>.</param>
    /// <returns>x1, y1, x2, y2 of box after box, half-open pixels</returns>
    /// <exception cref="ArgumentException">A side out of range, another number of bytes, or options without a colour space, scale or similarity.</exception>
    public static float[] Boxes(ReadOnlySpan<byte> rgb, int height, int width, SelectiveSearchOptions? options = null)
    {
        Side(height, nameof(height));
        Side(width, nameof(width));
        if (rgb.Length != 3L * height * width)
        {
            throw new ArgumentException($"rgb: {3L * height * width} bytes for {height}×{width}×3 expected, got {rgb.Length}", nameof(rgb));
        }

        options ??= SelectiveSearchOptions.Fast;
        options.Check();
        using var image = new SearchImage(rgb, height, width, options);
        int scales = options.Scales.Count;
        var hierarchies = new RegionExtent[options.ColourSpaces.Count * scales][][];
        ParallelLoop.Run(hierarchies.Length, i => hierarchies[i] = image.Hierarchies(i / scales, i % scales));
        return Ranked([.. hierarchies.SelectMany(h => h)], options);
    }

    private static float[] Ranked(RegionExtent[][] hierarchies, SelectiveSearchOptions options)
    {
        var random = new RandomStream(options.Seed, "selective search");
        var best = new Dictionary<ulong, double>(hierarchies.Sum(h => h.Length) / 4);
        foreach (RegionExtent[] regions in hierarchies)
        {
            for (int i = 0; i < regions.Length; i++)
            {
                double priority = (regions.Length - i) * random.NextDouble();
                RegionExtent r = regions[i];
                if (Math.Min(r.X2 - r.X1, r.Y2 - r.Y1) < options.MinSide)
                {
                    continue;
                }

                ulong box = ((ulong)r.X1 << 48) | ((ulong)r.Y1 << 32) | ((ulong)r.X2 << 16) | (uint)r.Y2;
                ref double known = ref CollectionsMarshal.GetValueRefOrAddDefault(best, box, out bool exists);
                known = exists ? Math.Min(known, priority) : priority;
            }
        }

        // Boxes of equal priority in the order of their coordinates.
        (double Priority, ulong Box)[] order = [.. best.Select(p => (p.Value, p.Key))];
        Array.Sort(order);
        var boxes = new float[4 * order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            for (int c = 0; c < 4; c++)
            {
                boxes[(4 * i) + c] = (ushort)(order[i].Box >> (48 - (16 * c)));
            }
        }

        return boxes;
    }

    private static void Side(int value, string name)
    {
        if (value is < 1 or > LongestSide)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} 1 … {LongestSide} expected, got {value}");
        }
    }
}
