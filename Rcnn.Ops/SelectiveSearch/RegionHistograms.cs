using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>
/// Colour and texture histograms of every region, each normalised to a sum of 1 over all channels. A row holds the colour bins, then the texture bins, either
/// padded with zeros to 16 floats. Dispose once.
/// </summary>
internal sealed unsafe class RegionHistograms : IDisposable
{
    private const int ColourBins = 25, Group = 16;
    private readonly Scratch<float> _rows;
    private readonly int _regions;

    private RegionHistograms(int regions, int colour, int texture)
    {
        (_regions, Colour, Texture) = (regions, colour, texture);
        _rows = new Scratch<float>((long)regions * Length);
    }

    /// <param name="map">Who owns a pixel.</param>
    /// <param name="planes">The channels, height·width each.</param>
    /// <param name="textures">Bins of the same channels, or none: then there is no texture part.</param>
    public RegionHistograms(RegionMap map, IReadOnlyList<byte[]> planes, IReadOnlyList<TextureBins> textures)
        : this(map.Count, Padded(ColourBins * planes.Count), Padded(TextureBins.Directions * TextureBins.Bins * textures.Count))
    {
        const int Codes = TextureBins.Directions * TextureBins.Bins;
        using var counters = new Scratch<int>((long)_regions * Length);
        new Span<int>(counters.Pointer, _regions * Length).Clear();
        for (int c = 0; c < planes.Count; c++)
        {
            fixed (int* labels = map.Labels)
            fixed (byte* plane = planes[c])
            {
                CountColours(labels, plane, map.Labels.Length, counters.Pointer + (c * ColourBins), Length);
                if (textures.Count > 0)
                {
                    CountTexture(labels, textures[c].Pointer, map.Labels.Length, counters.Pointer + Colour + (c * Codes), Length);
                }
            }
        }

        for (int r = 0; r < _regions; r++)
        {
            int* from = counters.Pointer + ((long)r * Length);
            Normalise(from, Row(r), Colour);
            Normalise(from + Colour, Row(r) + Colour, Texture);
        }
    }

    /// <summary>Floats of the colour part of a row, which comes first.</summary>
    public int Colour { get; }

    /// <summary>Floats of the texture part.</summary>
    public int Texture { get; }

    private int Length => Colour + Texture;

    public float* Row(int region) => _rows.Pointer + ((long)region * Length);

    public void Dispose() => _rows.Dispose();

    /// <summary>The same numbers in memory of their own.</summary>
    public RegionHistograms Copy()
    {
        var copy = new RegionHistograms(_regions, Colour, Texture);
        long bytes = (long)_regions * Length * sizeof(float);
        Buffer.MemoryCopy(_rows.Pointer, copy._rows.Pointer, bytes, bytes);
        return copy;
    }

    /// <summary>Row <paramref name="into"/> becomes the mean of both, weighted by their sizes.</summary>
    public void Merge(int into, int intoSize, int other, int otherSize)
    {
        float* a = Row(into), b = Row(other);
        float weightA = (float)intoSize / (intoSize + otherSize), weightB = (float)otherSize / (intoSize + otherSize);
        if (Vector512.IsHardwareAccelerated)
        {
            Mix<Lanes512, Vector512<float>>(a, weightA, b, weightB, Length);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Mix<Lanes256, Vector256<float>>(a, weightA, b, weightB, Length);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            Mix<Lanes128, Vector128<float>>(a, weightA, b, weightB, Length);
        }
        else
        {
            Mix<Lanes1, float>(a, weightA, b, weightB, Length);
        }
    }

    /// <summary>Σ min of two colour histograms.</summary>
    public float ColourOverlap(int a, int b) => Overlap(Row(a), Row(b), Colour);

    /// <summary>Σ min of two texture histograms.</summary>
    public float TextureOverlap(int a, int b) => Overlap(Row(a) + Colour, Row(b) + Colour, Texture);

    private static int Padded(int count) => (count + Group - 1) / Group * Group;

    private static void CountColours(int* labels, byte* plane, int pixels, int* colour, int stride)
    {
        for (int i = 0; i < pixels; i++)
        {
            colour[(labels[i] * stride) + (plane[i] * ColourBins / 256)]++;
        }
    }

    private static void CountTexture(int* labels, ulong* codes, int pixels, int* texture, int stride)
    {
        for (int i = 0; i < pixels; i++)
        {
            int* t = texture + (labels[i] * stride);
            ulong code = codes[i];
            t[(byte)code]++;
            t[(byte)(code >> 8)]++;
            t[(byte)(code >> 16)]++;
            t[(byte)(code >> 24)]++;
            t[(byte)(code >> 32)]++;
            t[(byte)(code >> 40)]++;
            t[(byte)(code >> 48)]++;
            t[(byte)(code >> 56)]++;
        }
    }

    private static void Normalise(int* counters, float* target, int count)
    {
        int sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += counters[i];
        }

        for (int i = 0; i < count; i++)
        {
            target[i] = (float)counters[i] / sum;
        }
    }

    private static float Overlap(float* a, float* b, int count)
    {
        float* sums = stackalloc float[Group];
        if (Vector512.IsHardwareAccelerated)
        {
            Intersect<Lanes512, Vector512<float>>(a, b, count, sums);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Intersect<Lanes256, Vector256<float>>(a, b, count, sums);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            Intersect<Lanes128, Vector128<float>>(a, b, count, sums);
        }
        else
        {
            Intersect<Lanes1, float>(a, b, count, sums);
        }

        for (int half = Group / 2; half > 0; half /= 2)
        {
            for (int i = 0; i < half; i++)
            {
                sums[i] += sums[i + half];
            }
        }

        return sums[0];
    }

    // Sixteen sums side by side at any width of the registers, so that a similarity does not depend on it.
    private static void Intersect<TLanes, TVector>(float* a, float* b, int count, float* sums)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        for (int lane = 0; lane < Group; lane += TLanes.Count)
        {
            TVector sum = TLanes.Create(0);
            for (int i = lane; i < count; i += Group)
            {
                sum = TLanes.Add(sum, TLanes.Min(TLanes.Load(a + i), TLanes.Load(b + i)));
            }

            TLanes.Store(sum, sums + lane);
        }
    }

    private static void Mix<TLanes, TVector>(float* a, float weightA, float* b, float weightB, int count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector wa = TLanes.Create(weightA), wb = TLanes.Create(weightB);
        for (int i = 0; i < count; i += TLanes.Count)
        {
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(a + i), wa, TLanes.Multiply(TLanes.Load(b + i), wb)), a + i);
        }
    }
}
