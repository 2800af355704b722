using Rcnn.Ops;

namespace Rcnn.Tests.Ops;

/// <summary>
/// Hierarchical grouping from its definition, in double: regions are sets of pixels, every histogram is counted anew, every pair is compared anew before each merge.
/// </summary>
internal static class GroupingOracle
{
    public static unsafe RegionExtent[] Run(RegionMap map, byte[][] planes, TextureBins[] textures, Similarity similarity)
    {
        List<int[]> all = [.. Enumerable.Range(0, map.Count).Select(r => Enumerable.Range(0, map.Labels.Length).Where(i => map.Labels[i] == r).ToArray())];
        List<int> alive = [.. Enumerable.Range(0, all.Count)];
        while (true)
        {
            (double Best, int A, int B) choice = (-1, 0, 0);
            foreach (int a in alive)
            {
                foreach (int b in alive.Where(b => b > a && Touch(all[a], all[b], map.Width)))
                {
                    double s = Of(all[a], all[b]);
                    choice = s > choice.Best ? (s, a, b) : choice;
                }
            }

            if (choice.Best < 0)
            {
                return [.. all.Select(p => Extent(p, map.Width))];
            }

            alive.RemoveAll(r => r == choice.A || r == choice.B);
            alive.Add(all.Count);
            all.Add([.. all[choice.A], .. all[choice.B]]);
        }

        double Of(int[] a, int[] b)
        {
            var parts = new List<double>();
            double image = map.Labels.Length;
            if (similarity.HasFlag(Similarity.Colour))
            {
                parts.Add(Intersection(Colours(a), Colours(b)));
            }

            if (similarity.HasFlag(Similarity.Texture))
            {
                parts.Add(Intersection(Texture(a), Texture(b)));
            }

            if (similarity.HasFlag(Similarity.Size))
            {
                parts.Add(1 - ((a.Length + b.Length) / image));
            }

            if (similarity.HasFlag(Similarity.Fill))
            {
                parts.Add(1 - ((Extent([.. a, .. b], map.Width).BoxArea - a.Length - b.Length) / image));
            }

            return parts.Average();
        }

        double[] Colours(int[] region)
        {
            var bins = new double[25 * planes.Length];
            foreach (int i in region)
            {
                for (int c = 0; c < planes.Length; c++)
                {
                    bins[(25 * c) + (int)(planes[c][i] / 256.0 * 25)] += 1.0 / (region.Length * planes.Length);
                }
            }

            return bins;
        }

        double[] Texture(int[] region)
        {
            var bins = new double[80 * planes.Length];
            foreach (int i in region)
            {
                for (int c = 0; c < planes.Length; c++)
                {
                    foreach (byte code in BitConverter.GetBytes(textures[c].Pointer[i]))
                    {
                        bins[(80 * c) + code] += 1.0 / (region.Length * planes.Length * 8);
                    }
                }
            }

            return bins;
        }
    }

    private static double Intersection(double[] a, double[] b) => a.Zip(b, Math.Min).Sum();

    private static bool Touch(int[] a, int[] b, int width)
    {
        HashSet<int> inB = [.. b];
        return a.Any(i => (i % width > 0 && (inB.Contains(i - 1) || inB.Contains(i - width - 1)))
            || (i % width < width - 1 && (inB.Contains(i + 1) || inB.Contains(i + width + 1))) || inB.Contains(i - width) || inB.Contains(i + width));
    }

    private static RegionExtent Extent(int[] region, int width) => new(
        region.Length, region.Min(i => i % width), region.Min(i => i / width), region.Max(i => i % width) + 1, region.Max(i => i / width) + 1);
}
