using System.Globalization;

namespace Rcnn.Core.Evaluation;

/// <summary>
/// VOC's detection files, one for each class: <c>comp4_det_test_CLASS.txt</c> (any competition 1–4 and any split name without underscore), each line
/// <c>image score xmin ymin xmax ymax</c> with corners counted from 1.
/// </summary>
public static class VocDetectionFolder
{
    /// <exception cref="RcnnException">No such files, an unknown class or image, or a malformed line; names file, line and value.</exception>
    public static IReadOnlyList<VocDetection> Read(string folder, VocGroundTruth truth)
    {
        var result = new List<VocDetection>();
        HashSet<string> classes = [.. truth.Classes];
        bool any = false;
        foreach (string file in Directory.EnumerateFiles(folder, "comp*_det_*.txt").Order(StringComparer.Ordinal))
        {
            any = true;
            string[] parts = Path.GetFileNameWithoutExtension(file).Split('_', 4);
            string name = parts.Length == 4 ? parts[3] : throw new RcnnException($"{file}: a name of the form comp4_det_test_CLASS.txt expected");
            if (!classes.Contains(name))
            {
                throw new RcnnException($"{file}: '{name}' is no class of {truth.Name} ({string.Join(", ", truth.Classes)})");
            }

            int line = 0;
            foreach (string text in File.ReadLines(file))
            {
                line++;
                if (!string.IsNullOrWhiteSpace(text))
                {
                    result.Add(Parse(text, name, truth, $"{file}:{line}"));
                }
            }
        }

        return any ? result : throw new RcnnException($"{folder}: no files comp4_det_test_CLASS.txt");
    }

    private static VocDetection Parse(string text, string name, VocGroundTruth truth, string place)
    {
        string[] fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 6)
        {
            throw new RcnnException($"{place}: six fields 'image score xmin ymin xmax ymax' expected, got {fields.Length}");
        }

        if (!truth.HasImage(fields[0]))
        {
            throw new RcnnException($"{place}: '{fields[0]}' is no image of {truth.Name}");
        }

        Span<double> v = stackalloc double[5];
        for (int i = 0; i < 5; i++)
        {
            if (!double.TryParse(fields[i + 1], NumberStyles.Float, CultureInfo.InvariantCulture, out v[i]) || !double.IsFinite(v[i]))
            {
                throw new RcnnException($"{place}: field {i + 2}: a finite number expected, got '{fields[i + 1]}'");
            }
        }

        return new VocDetection(fields[0], name, v[0], v[1], v[2], v[3], v[4]);
    }
}
