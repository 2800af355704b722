using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Rcnn.Core.Training;

namespace Rcnn.Core.Settings;

/// <summary>What settings do, from the doc comments of their properties: the compiler writes those beside the assembly.</summary>
internal static partial class SettingMeanings
{
    /// <summary>By the setting's name; settings without a comment are left out, all of them where the file of comments is missing.</summary>
    public static IReadOnlyDictionary<string, string> Of<T>()
    {
        string file = Path.ChangeExtension(typeof(T).Assembly.Location, ".xml");
        var meanings = new Dictionary<string, string>();
        if (!File.Exists(file))
        {
            return meanings;
        }

        Dictionary<string, XElement> comments = XDocument.Load(file).Descendants("member")
            .Where(m => m.Attribute("name") is not null && m.Element("summary") is not null)
            .ToDictionary(m => m.Attribute("name")!.Value, m => m.Element("summary")!);
        Collect(typeof(T), "", comments, meanings);
        return meanings;
    }

    private static void Collect(Type type, string prefix, Dictionary<string, XElement> comments, Dictionary<string, string> meanings)
    {
        foreach (PropertyInfo property in ConfigOverrides.Settings(type))
        {
            string key = prefix + JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            if (ConfigOverrides.IsBranch(property.PropertyType))
            {
                Collect(property.PropertyType, key + ".", comments, meanings);
            }
            else if (comments.TryGetValue($"P:{property.DeclaringType!.FullName}.{property.Name}", out XElement? summary))
            {
                meanings[key] = Spaces().Replace(string.Concat(summary.Nodes().Select(Text)), " ").Trim();
            }
        }
    }

    /// <summary>Words as they are; a reference by the last part of its name, a property as settings are written.</summary>
    private static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement e when e.Attribute("cref") is { } reference => Name(reference.Value),
        XElement e => string.Concat(e.Nodes().Select(Text)),
        _ => "",
    };

    private static string Name(string reference)
    {
        string last = reference.Split('.')[^1];
        return reference.StartsWith("P:", StringComparison.Ordinal) ? JsonNamingPolicy.CamelCase.ConvertName(last) : last;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
