namespace Rcnn.Core;

/// <summary>What someone meant who mistyped a name.</summary>
internal static class NearestName
{
    /// <exception cref="RcnnException">The value is none of the known ones; names field, value and the nearest known one. Exit code 2.</exception>
    public static void Require(string field, string value, IReadOnlyList<string> known)
    {
        if (!known.Contains(value))
        {
            string nearest = known.MinBy(k => k.StartsWith(value ?? "", StringComparison.OrdinalIgnoreCase) ? 0 : EditDistance(k, value!.ToLowerInvariant()))!;
            throw RcnnException.Usage($"{field}={value}: expected {string.Join(", ", known)}; did you mean {nearest}?");
        }
    }

    /// <summary>Insertions, deletions and replacements from one text to the other (Levenshtein).</summary>
    public static int EditDistance(string a, string b)
    {
        int[] row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (int i = 1; i <= a.Length; i++)
        {
            int corner = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int cost = Math.Min(Math.Min(row[j], row[j - 1]) + 1, corner + (a[i - 1] == b[j - 1] ? 0 : 1));
                (corner, row[j]) = (row[j], cost);
            }
        }

        return row[b.Length];
    }
}
