using System.Collections.Concurrent;

namespace Rcnn.Core.Data;

/// <summary>
/// PASCAL VOC folders. Standard layout: <c>Annotations/*.xml</c>, <c>JPEGImages/</c>, splits in <c>ImageSets/Main/SPLIT.txt</c>; flat layout: each XML
/// beside its image, a split is a subfolder. Image ids are 1, 2, … in the order of the split file, else of the file names.
/// </summary>
/// <remarks>
/// Classes are, in this order of preference: the list the caller gives, the lines of <c>classes.txt</c> in the folder, or every name that occurs in the
/// folder's annotations (in all splits of the standard layout), sorted by code point.
/// </remarks>
public static class VocReader
{
    private static readonly string[] ImageExtensions = [".jpg", ".jpeg", ".png", ".bmp"];

    /// <summary>Reads all annotations; images are decoded later, one by one.</summary>
    /// <param name="folder">The folder that holds <c>Annotations</c>, or the XML files themselves.</param>
    /// <param name="split">Name of a split; null takes every annotation.</param>
    /// <param name="classNames">Classes in the order of their labels, for example those of a trained run.</param>
    /// <param name="name">Name of the dataset in messages and runs.</param>
    /// <exception cref="RcnnException">The folder, split or annotations are missing. Errors inside annotations surface when the image is
    /// asked for and in <see cref="DataAudit"/>.</exception>
    public static FileDataset Open(string folder, string? split = null, IReadOnlyList<string>? classNames = null, string? name = null)
    {
        if (!Directory.Exists(folder))
        {
            throw RcnnException.Usage($"{folder}: no such folder");
        }

        var issues = new List<DataIssue>();
        bool standard = Directory.Exists(Path.Combine(folder, "Annotations"));
        IReadOnlyList<string> all = standard ? XmlFiles(Path.Combine(folder, "Annotations")) : FlatFiles(ref folder, split);
        IReadOnlyList<string> chosen = standard && split is not null ? SplitFiles(folder, split) : all;
        if (chosen.Count == 0)
        {
            throw new RcnnException($"{folder}: no annotations (*.xml) here or in Annotations/");
        }

        string imageFolder = standard ? Path.Combine(folder, "JPEGImages") : folder;
        Dictionary<string, string> images = Images(imageFolder);
        classNames ??= ListedClasses(folder);
        var parsed = new ConcurrentDictionary<string, (VocXml? Xml, string? Error)>();
        Parallel.ForEach(classNames is null ? all.Union(chosen) : chosen, path => parsed[path] = Parse(path));
        classNames ??= [.. parsed.Values.SelectMany(p => p.Xml?.Objects ?? []).Select(o => o.Name).Distinct().Order(StringComparer.Ordinal)];
        var labels = classNames.Select((c, i) => (c, i)).ToDictionary(p => p.c, p => p.i + 1);
        var entries = new List<FileDataset.Entry>(chosen.Count);
        foreach (string path in chosen)
        {
            string image = images.GetValueOrDefault(Path.GetFileNameWithoutExtension(path))
                ?? Path.Combine(imageFolder, parsed[path].Xml is { FileName.Length: > 0 } x ? Path.GetFileName(x.FileName) : Path.GetFileNameWithoutExtension(path) + ".jpg");
            entries.Add(Judge(entries.Count + 1, path, parsed[path].Xml, parsed[path].Error, image, labels));
        }

        if (!standard)
        {
            var annotated = chosen.Select(Path.GetFileNameWithoutExtension).ToHashSet();
            issues.AddRange(images.Where(p => !annotated.Contains(p.Key)).OrderBy(p => p.Key, StringComparer.Ordinal)
                .Select(p => DataIssue.Warning(p.Value, "no XML beside the image; left out")));
        }

        return new FileDataset(name ?? $"voc:{folder}", classNames, [.. Enumerable.Range(1, classNames.Count)], entries, issues);
    }

    private static (VocXml? Xml, string? Error) Parse(string path)
    {
        try
        {
            return (VocXml.Read(path), null);
        }
        catch (RcnnException e)
        {
            return (null, e.Message);
        }
    }

    /// <summary>Turns what a file says into a record, collecting what is wrong with it.</summary>
    private static FileDataset.Entry Judge(long id, string path, VocXml? xml, string? error, string image, Dictionary<string, int> labels)
    {
        var issues = new List<DataIssue>();
        var objects = new List<ObjectAnnotation>();
        string fileName = Path.GetFileName(image);
        if (xml is null)
        {
            // The message already begins with file and line.
            int colon = error!.IndexOf(": ", StringComparison.Ordinal);
            issues.Add(DataIssue.Error(error[..colon], error[(colon + 2)..]));
            return new FileDataset.Entry(new ImageRecord(id, fileName, 1, 1, objects, path), image, issues);
        }

        (int Width, int Height)? size = xml.Size;
        if (size is null)
        {
            size = HeaderSize(image);
            issues.Add(size is { } s
                ? DataIssue.Warning(path, $"no size tag; {s.Width}×{s.Height} taken from the image")
                : DataIssue.Error(path, $"no size tag, and {image} cannot be read"));
        }

        foreach (VocXml.Item item in xml.Objects)
        {
            string where = $"{path}:{item.Line}";
            if (!labels.TryGetValue(item.Name, out int label))
            {
                issues.Add(DataIssue.Error(where, $"class '{item.Name}' is none of {string.Join(", ", labels.Keys)}"));
                continue;
            }

            Box box = VocCoordinates.FromInclusive(item.XMin, item.YMin, item.XMax, item.YMax);
            if (size is { } s && AnnotationRules.Check(box, item.HasArea, item.Written, s, where, issues) is { } kept)
            {
                objects.Add(new ObjectAnnotation(kept, label, item.Difficult, Crowd: false, kept.Area));
            }
        }

        (int width, int height) = size ?? (1, 1);
        return new FileDataset.Entry(new ImageRecord(id, fileName, width, height, objects, path), image, issues);
    }

    private static (int Width, int Height)? HeaderSize(string image)
    {
        try
        {
            return ImageIntegrity.Size(File.ReadAllBytes(image));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static List<string> XmlFiles(string folder) =>
        [.. Directory.EnumerateFiles(folder).Where(f => f.EndsWith(".xml", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)];

    private static List<string> FlatFiles(ref string folder, string? split)
    {
        if (split is not null)
        {
            string inside = Path.Combine(folder, split);
            if (!Directory.Exists(inside))
            {
                throw RcnnException.Usage($"{folder}: split '{split}' is neither ImageSets/Main/{split}.txt nor a folder here");
            }

            folder = inside;
        }

        return XmlFiles(folder);
    }

    private static List<string> SplitFiles(string folder, string split)
    {
        string lists = Path.Combine(folder, "ImageSets", "Main");
        string list = Path.Combine(lists, split + ".txt");
        if (!File.Exists(list))
        {
            string known = Directory.Exists(lists)
                ? string.Join(", ", Directory.EnumerateFiles(lists, "*.txt").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal).Take(8))
                : "none";
            throw RcnnException.Usage($"{list}: no such split; there are: {known}");
        }

        var files = new List<string>();
        int number = 0;
        foreach (string line in File.ReadLines(list))
        {
            number++;
            // Class-wise lists have a second column, −1, 0 or 1.
            string stem = line.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
            if (stem.Length > 0)
            {
                string xml = Path.Combine(folder, "Annotations", stem + ".xml");
                files.Add(File.Exists(xml) ? xml : throw new RcnnException($"{list}:{number}: no annotation {xml}"));
            }
        }

        return files;
    }

    /// <summary>Path of each image by its name without extension; of two, the first in the order of extensions and names.</summary>
    private static Dictionary<string, string> Images(string folder)
    {
        var images = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Directory.Exists(folder))
        {
            foreach (string file in Directory.EnumerateFiles(folder)
                .Where(f => ImageExtensions.Contains(Path.GetExtension(f).ToLowerInvariant()))
                .OrderBy(f => Array.IndexOf(ImageExtensions, Path.GetExtension(f).ToLowerInvariant())).ThenBy(f => f, StringComparer.Ordinal))
            {
                images.TryAdd(Path.GetFileNameWithoutExtension(file), file);
            }
        }

        return images;
    }

    private static string[]? ListedClasses(string folder)
    {
        string list = Path.Combine(folder, "classes.txt");
        return File.Exists(list) ? [.. File.ReadLines(list).Select(l => l.Trim()).Where(l => l.Length > 0).Distinct()] : null;
    }
}
