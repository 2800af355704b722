namespace Rcnn.Core.Data;

/// <summary>
/// Looks at all of a dataset before any work is spent on it: annotations that cannot be used, boxes that were dropped or clipped, missing and truncated
/// images, sizes that differ. Image files are read, not decoded.
/// </summary>
public static class DataAudit
{
    public static AuditReport Run(IDetectionDataset dataset)
    {
        FileDataset? files = dataset as FileDataset ?? (dataset as FirstImages)?.Source as FileDataset;
        var perImage = new IReadOnlyList<DataIssue>[dataset.Count];
        var records = new ImageRecord?[dataset.Count];
        Parallel.For(0, dataset.Count, i =>
        {
            var issues = new List<DataIssue>(files?.IssuesOf(i) ?? []);
            if (issues.TrueForAll(issue => !issue.IsError))
            {
                records[i] = dataset[i];
            }

            if (files is not null)
            {
                CheckFile(files.ImagePath(i), records[i], issues);
            }

            perImage[i] = issues;
        });
        DataIssue[] all = [.. files?.Issues ?? [], .. perImage.SelectMany(i => i)];
        return new AuditReport(dataset, records, all);
    }

    private static void CheckFile(string path, ImageRecord? record, List<DataIssue> issues)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            issues.Add(DataIssue.Error(record?.Source ?? path, $"no such image {path}"));
            return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            issues.Add(DataIssue.Error(path, e.Message));
            return;
        }

        if (ImageIntegrity.Problem(bytes) is { } problem)
        {
            issues.Add(DataIssue.Error(path, $"{problem} ({bytes.Length} bytes)"));
        }
        else if (record is not null && ImageIntegrity.Size(bytes) is { } size && (size.Width != record.Width || size.Height != record.Height))
        {
            string message = FileDataset.SizeMismatch(path, size.Width, size.Height, record);
            issues.Add(DataIssue.Error(path, message[(path.Length + 2)..]));
        }
    }
}
