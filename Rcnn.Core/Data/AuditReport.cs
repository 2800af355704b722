using System.Globalization;

namespace Rcnn.Core.Data;

/// <summary>What <see cref="DataAudit"/> found, and how many images and objects there are.</summary>
public sealed class AuditReport
{
    internal AuditReport(IDetectionDataset dataset, IEnumerable<ImageRecord?> records, IReadOnlyCollection<DataIssue> issues)
    {
        Name = dataset.Name;
        Images = dataset.Count;
        Errors = [.. issues.Where(i => i.IsError)];
        Warnings = [.. issues.Where(i => !i.IsError)];
        var counts = new int[dataset.ClassNames.Count];
        foreach (ImageRecord record in records.OfType<ImageRecord>())
        {
            EmptyImages += record.Objects.Count == 0 ? 1 : 0;
            foreach (ObjectAnnotation o in record.Objects)
            {
                Objects++;
                Difficult += o.Difficult ? 1 : 0;
                Crowds += o.Crowd ? 1 : 0;
                counts[o.Label - 1]++;
            }
        }

        ClassCounts = [.. dataset.ClassNames.Zip(counts)];
    }

    public string Name { get; }

    public int Images { get; }

    /// <summary>Images without objects; they are normal.</summary>
    public int EmptyImages { get; }

    public int Objects { get; }

    public int Difficult { get; }

    public int Crowds { get; }

    public IReadOnlyList<(string Name, int Objects)> ClassCounts { get; }

    /// <summary>What makes an image unusable.</summary>
    public IReadOnlyList<DataIssue> Errors { get; }

    /// <summary>What was dropped, clipped or taken from elsewhere.</summary>
    public IReadOnlyList<DataIssue> Warnings { get; }

    /// <exception cref="RcnnException">There are errors; the message is the first one and the number of others.</exception>
    public void ThrowIfErrors()
    {
        if (Errors.Count > 0)
        {
            throw new RcnnException(Errors.Count == 1 ? Errors[0].ToString() : $"{Errors[0]} (and {Errors.Count - 1} more errors in {Name})");
        }
    }

    /// <summary>A summary line, the classes, then errors and warnings, at most <paramref name="limit"/> of each.</summary>
    public IEnumerable<string> Lines(int limit = 20)
    {
        var extra = new List<string>();
        Note(EmptyImages, "without objects");
        Note(Difficult, "difficult");
        Note(Crowds, "crowds");
        string notes = extra.Count == 0 ? "" : $" ({string.Join(", ", extra)})";
        yield return string.Create(CultureInfo.InvariantCulture, $"{Name}: {Images} images, {Objects} objects{notes}, {Errors.Count} errors, {Warnings.Count} warnings");
        yield return "  " + string.Join(", ", ClassCounts.Select(c => $"{c.Name} {c.Objects}"));
        foreach ((string kind, IReadOnlyList<DataIssue> issues) in new[] { ("error", Errors), ("warning", Warnings) })
        {
            foreach (DataIssue issue in issues.Take(limit))
            {
                yield return $"  {kind}: {issue}";
            }

            if (issues.Count > limit)
            {
                yield return $"  … and {issues.Count - limit} more {kind}s";
            }
        }

        void Note(int count, string what)
        {
            if (count > 0)
            {
                extra.Add($"{count} {what}");
            }
        }
    }

    public override string ToString() => string.Join(Environment.NewLine, Lines(int.MaxValue));
}
