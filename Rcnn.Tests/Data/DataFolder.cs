using System.Globalization;
using System.Text;
using Rcnn.Core.Data;

namespace Rcnn.Tests.Data;

/// <summary>A temporary folder in which a test writes the images and annotations it is about.</summary>
internal sealed class DataFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("rcnn-data-").FullName;

    public string PathOf(string name) => Path.Combine(Root, name.Replace('/', Path.DirectorySeparatorChar));

    public string Text(string name, string text)
    {
        string path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>An image of two gradients and a pattern, so that no two pixels near each other agree.</summary>
    public string Image(string name, int width = 20, int height = 12)
    {
        string path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        byte[] bytes = ImageFile.Encode(Pattern(width, height), Path.GetExtension(name));
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public static RgbImage Pattern(int width, int height)
    {
        var pixels = new byte[width * height * 3];
        for (int i = 0; i < width * height; i++)
        {
            (int y, int x) = Math.DivRem(i, width);
            (pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]) = ((byte)(x * 255 / width), (byte)(y * 255 / height), (byte)((x * 7 + y * 13) % 256));
        }

        return new RgbImage(height, width, pixels);
    }

    /// <summary>A VOC file; the box of the first object stands in line 9, each further one eight lines on.</summary>
    public string Voc(string name, int width, int height, params (string Class, string Box, string Extra)[] objects)
    {
        var xml = new StringBuilder();
        xml.AppendLine("<annotation>");
        xml.AppendLine("  <filename>whatever.jpg</filename>");
        xml.AppendLine(CultureInfo.InvariantCulture, $"  <size><width>{width}</width><height>{height}</height><depth>3</depth></size>");
        xml.AppendLine("  <segmented>0</segmented>");
        foreach ((string label, string box, string extra) in objects)
        {
            string[] b = box.Split(' ');
            xml.AppendLine("  <object>");
            xml.AppendLine(CultureInfo.InvariantCulture, $"    <name>{label}</name>");
            xml.AppendLine("    <pose>Unspecified</pose>");
            xml.AppendLine(CultureInfo.InvariantCulture, $"    {extra}");
            xml.AppendLine("    <bndbox>");
            xml.AppendLine(CultureInfo.InvariantCulture, $"      <xmin>{b[0]}</xmin><ymin>{b[1]}</ymin><xmax>{b[2]}</xmax><ymax>{b[3]}</ymax>");
            xml.AppendLine("    </bndbox>");
            xml.AppendLine("  </object>");
        }

        xml.AppendLine("</annotation>");
        return Text(name, xml.ToString());
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
