using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Core.Weights;

/// <summary>What <see cref="WeightFile.LoadInto"/> did: names loaded, of the module but not in the file, of the file but not in the module.</summary>
public sealed record LoadReport(IReadOnlyList<string> Loaded, IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected);

public static partial class WeightFile
{
    /// <summary>Copies weights into a module's parameters and buffers, converting the dtype where it differs. All is checked before anything is changed.</summary>
    /// <param name="module">Its <c>state_dict</c> names what is needed.</param>
    /// <param name="weights">Name → tensor.</param>
    /// <param name="strict">Also refuse missing and unexpected names; shapes must fit in any case.</param>
    /// <param name="source">File name for messages.</param>
    /// <exception cref="RcnnException">Lists missing, unexpected (with the nearest missing name) and mismatched entries.</exception>
    public static LoadReport LoadInto(nn.Module module, IReadOnlyDictionary<string, Tensor> weights, bool strict = true, string source = "weights")
    {
        Dictionary<string, Tensor> own = module.state_dict();
        var loaded = new List<string>();
        var mismatched = new List<string>();
        string[] missing = [.. own.Keys.Where(k => !weights.ContainsKey(k))], unexpected = [.. weights.Keys.Where(k => !own.ContainsKey(k))];
        foreach ((string name, Tensor target) in own)
        {
            if (!weights.TryGetValue(name, out Tensor? given))
            {
                continue;
            }

            if (given.shape.AsSpan().SequenceEqual(target.shape))
            {
                loaded.Add(name);
            }
            else
            {
                mismatched.Add($"{name} [{string.Join(",", target.shape)}] expected, got [{string.Join(",", given.shape)}]");
            }
        }

        if (mismatched.Count > 0 || (strict && missing.Length + unexpected.Length > 0))
        {
            var parts = new List<string>();
            Add(parts, "missing", missing, n => n);
            Add(parts, "unexpected", unexpected, n => Nearest(n, missing) is { } near ? $"{n} (near {near})" : n);
            Add(parts, "of another shape", mismatched, n => n);
            throw new RcnnException($"{source}: does not fit the model: {string.Join("; ", parts)}");
        }

        using (no_grad())
        {
            foreach (string name in loaded)
            {
                own[name].copy_(weights[name]);
            }
        }

        return new LoadReport(loaded, missing, unexpected);
    }

    private static void Add(List<string> parts, string what, IReadOnlyCollection<string> names, Func<string, string> text)
    {
        const int Shown = 8;
        if (names.Count > 0)
        {
            parts.Add($"{names.Count} {what}: {string.Join(", ", names.Take(Shown).Select(text))}" + (names.Count > Shown ? ", …" : ""));
        }
    }

    /// <summary>The candidate with the smallest edit distance, if that is at most a third of the name.</summary>
    private static string? Nearest(string name, string[] candidates)
    {
        string? best = null;
        int bestDistance = (name.Length / 3) + 1;
        foreach (string candidate in candidates)
        {
            if (Math.Abs(candidate.Length - name.Length) < bestDistance && Distance(name, candidate) is int d && d < bestDistance)
            {
                (best, bestDistance) = (candidate, d);
            }
        }

        return best;
    }

    private static int Distance(string a, string b)
    {
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)], current = new int[b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            }

            (previous, current) = (current, previous);
        }

        return previous[b.Length];
    }
}
