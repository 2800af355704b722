using System.IO.Compression;
using Rcnn.Core.Data;

namespace Rcnn.Core.Evaluation;

/// <summary>Reads VOC annotation XML as ground truth, corners exactly as written.</summary>
public static class VocAnnotations
{
    private const int MaxEntryBytes = 1 << 26;

    /// <summary>
    /// All annotations of a folder: <c>DIR/Annotations/*.xml</c> where that exists, else <c>DIR/*.xml</c>. With <paramref name="split"/>, those listed in
    /// <c>ImageSets/Main/SPLIT.txt</c>, else of the folder <c>DIR/SPLIT</c>. An image is called as its XML file; images and classes are in the order in which
    /// <see cref="VocReader"/> numbers them.
    /// </summary>
    /// <exception cref="RcnnException">No such folder, split or annotation; malformed XML, with file and line.</exception>
    public static VocGroundTruth ReadFolder(string folder, string? split = null)
    {
        IReadOnlyList<string> classes = VocReader.Open(folder, split).ClassNames;
        bool standard = Directory.Exists(Path.Combine(folder, "Annotations"));
        if (!standard && split is not null)
        {
            (folder, split) = (Path.Combine(folder, split), null);
        }

        string annotations = standard ? Path.Combine(folder, "Annotations") : folder;
        string[] files = split is null
            ? [.. Directory.EnumerateFiles(annotations).Where(IsXml).Order(StringComparer.Ordinal)]
            : [.. SplitStems(folder, split).Select(stem => Path.Combine(annotations, stem + ".xml"))];
        return files.Length == 0
            ? throw new RcnnException($"{folder}: no annotations (*.xml) here or in Annotations/")
            : Create(files.Select(VocXml.Read), folder, classes);
    }

    /// <summary>All XML files of a zip archive, in whatever folder they lie inside it.</summary>
    /// <exception cref="RcnnException">No zip archive, or an entry is malformed or of more than 64 MB.</exception>
    public static VocGroundTruth ReadZip(string file)
    {
        try
        {
            using ZipArchive archive = ZipFile.OpenRead(file);
            ZipArchiveEntry[] entries = [.. archive.Entries.Where(e => IsXml(e.Name)).OrderBy(e => e.FullName, StringComparer.Ordinal)];
            return entries.Length == 0 ? throw new RcnnException($"{file}: no annotations (*.xml) in the archive") : Create(entries.Select(e => Entry(e, file)), file, null);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new RcnnException($"{file}: {e.Message}", 1, e);
        }
    }

    private static VocXml Entry(ZipArchiveEntry entry, string file)
    {
        if (entry.Length > MaxEntryBytes)
        {
            throw new RcnnException($"{file}: {entry.FullName}: {entry.Length} bytes of XML, at most {MaxEntryBytes} are read");
        }

        using Stream stream = entry.Open();
        var content = new byte[entry.Length];
        stream.ReadExactly(content);
        return VocXml.Read($"{file}/{entry.FullName}", content);
    }

    private static VocGroundTruth Create(IEnumerable<VocXml> files, string name, IReadOnlyList<string>? classes)
    {
        var images = new List<string>();
        var objects = new List<VocObject>();
        foreach (VocXml xml in files)
        {
            string image = Path.GetFileNameWithoutExtension(xml.Path);
            images.Add(image);
            objects.AddRange(xml.Objects.Select(o => new VocObject(image, o.Name, o.XMin, o.YMin, o.XMax, o.YMax, o.Difficult)));
        }

        return new VocGroundTruth(images, objects, classes, name);
    }

    private static IEnumerable<string> SplitStems(string folder, string split)
    {
        string list = Path.Combine(folder, "ImageSets", "Main", split + ".txt");
        return File.Exists(list)
            ? File.ReadLines(list).Select(l => l.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "").Where(s => s.Length > 0)
            : throw new RcnnException($"{list}: no such split");
    }

    private static bool IsXml(string name) => name.EndsWith(".xml", StringComparison.OrdinalIgnoreCase);
}
