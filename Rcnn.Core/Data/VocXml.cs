using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace Rcnn.Core.Data;

/// <summary>One VOC annotation file as written, not yet judged.</summary>
/// <param name="Path">The file.</param>
/// <param name="FileName">Its <c>filename</c> tag; empty when absent.</param>
/// <param name="Size">Its <c>size</c> tag; null when absent or zero, as some tools leave it.</param>
internal sealed record VocXml(string Path, string FileName, (int Width, int Height)? Size, IReadOnlyList<VocXml.Item> Objects)
{
    /// <summary>Parses a file. Parts of objects (<c>part</c>) and actions are left out.</summary>
    /// <exception cref="RcnnException">No XML, a DTD, a missing field or one that is no number; names file and line.</exception>
    public static VocXml Read(string path)
    {
        try
        {
            return Read(path, File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RcnnException($"{path}: {e.Message}", inner: e);
        }
    }

    /// <summary>Parses the content of a file that lies elsewhere, such as in an archive; <paramref name="path"/> is its name in messages.</summary>
    /// <exception cref="RcnnException">As <see cref="Read(string)"/>.</exception>
    public static VocXml Read(string path, byte[] content)
    {
        XElement root = Load(path, content);
        if (root.Name.LocalName != "annotation")
        {
            throw new RcnnException($"{path}:{Line(root)}: a VOC file begins with <annotation>, this one with <{root.Name.LocalName}>");
        }

        (int, int)? size = null;
        if (root.Element("size") is { } tag)
        {
            double width = Number(path, tag, "width"), height = Number(path, tag, "height");
            size = width >= 1 && height >= 1 ? ((int)width, (int)height) : null;
        }

        var objects = new List<Item>();
        foreach (XElement item in root.Elements("object"))
        {
            XElement box = item.Element("bndbox") ?? throw new RcnnException($"{path}:{Line(item)}: <object> without <bndbox>");
            string name = item.Element("name")?.Value.Trim() ?? "";
            if (name.Length == 0)
            {
                throw new RcnnException($"{path}:{Line(item)}: <object> without <name>");
            }

            objects.Add(new Item(
                name,
                Number(path, box, "xmin"),
                Number(path, box, "ymin"),
                Number(path, box, "xmax"),
                Number(path, box, "ymax"),
                item.Element("difficult")?.Value.Trim() == "1",
                Line(box)));
        }

        return new VocXml(path, root.Element("filename")?.Value.Trim() ?? "", size, objects);
    }

    private static XElement Load(string path, byte[] content)
    {
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = 1 << 26 };
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(content), settings);
            return XDocument.Load(reader, LoadOptions.SetLineInfo).Root!;
        }
        catch (XmlException e) when (e.LineNumber == 0 && e.Message.Contains("DTD", StringComparison.Ordinal))
        {
            // The refusal of a DTD carries no line.
            int line = content.AsSpan(0, Math.Max(0, content.AsSpan().IndexOf("<!DOCTYPE"u8))).Count((byte)'\n') + 1;
            throw new RcnnException($"{path}:{line}: a DTD (<!DOCTYPE …>) is not accepted", inner: e);
        }
        catch (XmlException e)
        {
            throw new RcnnException($"{path}:{e.LineNumber}: no valid XML, {e.Message}", inner: e);
        }
    }

    private static double Number(string path, XElement parent, string field)
    {
        XElement element = parent.Element(field) ?? throw new RcnnException($"{path}:{Line(parent)}: <{parent.Name.LocalName}> without <{field}>");
        return double.TryParse(element.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            ? value
            : throw new RcnnException($"{path}:{Line(element)}: <{field}> is no number: '{element.Value.Trim()}'");
    }

    private static int Line(XElement element) => ((IXmlLineInfo)element).LineNumber;

    /// <summary>One object: VOC's 1-based inclusive corners, and the line of its box.</summary>
    internal sealed record Item(string Name, double XMin, double YMin, double XMax, double YMax, bool Difficult, int Line)
    {
        public bool HasArea => XMax > XMin && YMax > YMin;

        public string Written => string.Create(CultureInfo.InvariantCulture, $"({XMin},{YMin},{XMax},{YMax})");
    }
}
