using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rcnn.Core.Models;

namespace Rcnn.Core.Training;

/// <summary>
/// Dotted settings on a configuration: <c>optimizer.learningRate=0.02</c>, <c>model.rpn.anchors.sizes=[[32,64,128]]</c>. Names are those of
/// config.json in any case; arrays are JSON; <c>null</c> clears a setting that may be absent. <c>convention=detectron2</c> and
/// <c>convention.roiPooling=caffe2015</c> write what a profile of <see cref="Convention"/> has.
/// </summary>
public static class ConfigOverrides
{
    /// <summary>Applies settings written as <c>path=value</c>, in order.</summary>
    /// <exception cref="RcnnException">No '=', an unknown name (with the nearest known one) or a value that does not fit (with the type expected). Exit code 2.</exception>
    public static T Apply<T>(T config, IEnumerable<string> settings)
    {
        foreach (string setting in settings)
        {
            int equals = setting.IndexOf('=');
            if (equals <= 0)
            {
                throw RcnnException.Usage($"--set {setting}: expected path=value, for example optimizer.learningRate=0.02");
            }

            config = Apply(config, setting[..equals].Trim(), setting[(equals + 1)..].Trim());
        }

        return config;
    }

    /// <summary>Applies settings given as path → value.</summary>
    /// <inheritdoc cref="Apply{T}(T, IEnumerable{string})"/>
    public static T Apply<T>(T config, IEnumerable<KeyValuePair<string, string>> settings)
    {
        foreach ((string path, string value) in settings)
        {
            config = Apply(config, path, value);
        }

        return config;
    }

    /// <summary>Applies one setting and returns the changed copy.</summary>
    /// <inheritdoc cref="Apply{T}(T, IEnumerable{string})"/>
    public static T Apply<T>(T config, string path, string value)
    {
        if (ConventionRow(path) is { } row)
        {
            string? name = row.Length == 0 ? null : row;
            switch (config)
            {
                case TrainConfig train:
                    return (T)(object)(train with { Model = Convention.Apply(train.Model, name, value) });
                case DetectorConfig detector:
                    return (T)(object)Convention.Apply(detector, name, value);
            }
        }

        JsonNode root = JsonSerializer.SerializeToNode(config, ConfigJson.Options)!;
        JsonNode node = root;
        Type type = typeof(T);
        string[] names = path.Split('.');
        for (int i = 0; i < names.Length; i++)
        {
            PropertyInfo property = Find(type, names[i]) ?? throw Unknown(typeof(T), path);
            string key = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            if (i < names.Length - 1)
            {
                if (!IsBranch(property.PropertyType))
                {
                    throw Unknown(typeof(T), path);
                }

                node = node[key]!;
                type = property.PropertyType;
                continue;
            }

            if (IsBranch(property.PropertyType))
            {
                throw Unknown(typeof(T), path);
            }

            node[key] = Parse(property, path, value);
        }

        try
        {
            return root.Deserialize<T>(ConfigJson.Options)!;
        }
        catch (JsonException e)
        {
            throw RcnnException.Usage($"--set {path}={value}: {e.Message}");
        }
    }

    /// <summary>All settable paths of a configuration type, in declaration order.</summary>
    public static IReadOnlyList<string> Paths<T>() => Paths(typeof(T), "").ToList();

    private static IEnumerable<string> Paths(Type type, string prefix)
    {
        foreach (PropertyInfo property in Settings(type))
        {
            string path = prefix + JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            if (IsBranch(property.PropertyType))
            {
                foreach (string inner in Paths(property.PropertyType, path + "."))
                {
                    yield return inner;
                }
            }
            else
            {
                yield return path;
            }
        }
    }

    /// <summary>The row in <c>convention.ROW</c>, empty for all of them, null for another path.</summary>
    private static string? ConventionRow(string path)
    {
        const string Model = "model.", Name = "convention";
        path = path.StartsWith(Model, StringComparison.OrdinalIgnoreCase) ? path[Model.Length..] : path;
        return path.Equals(Name, StringComparison.OrdinalIgnoreCase) ? ""
            : path.StartsWith(Name + ".", StringComparison.OrdinalIgnoreCase) ? path[(Name.Length + 1)..] : null;
    }

    /// <summary>The settings of a record, in declaration order.</summary>
    internal static IEnumerable<PropertyInfo> Settings(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite && p.GetIndexParameters().Length == 0);

    private static PropertyInfo? Find(Type type, string name) =>
        Settings(type).FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a setting is a record with settings of its own.</summary>
    internal static bool IsBranch(Type type) => type.IsClass && type != typeof(string) && !type.IsArray;

    private static JsonNode? Parse(PropertyInfo property, string path, string value)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        bool optional = type != property.PropertyType
            || new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;
        if (value == "null" && optional)
        {
            return null;
        }

        CultureInfo culture = CultureInfo.InvariantCulture;
        JsonNode? node = null;
        if (type == typeof(string))
        {
            node = value;
        }
        else if (type == typeof(bool))
        {
            node = bool.TryParse(value, out bool b) ? JsonValue.Create(b) : null;
        }
        else if (type == typeof(double))
        {
            node = double.TryParse(value, NumberStyles.Float, culture, out double d) && double.IsFinite(d) ? JsonValue.Create(d) : null;
        }
        else if (type == typeof(int))
        {
            node = int.TryParse(value, NumberStyles.AllowLeadingSign, culture, out int n) ? JsonValue.Create(n) : null;
        }
        else if (type == typeof(long))
        {
            node = long.TryParse(value, NumberStyles.AllowLeadingSign, culture, out long n) ? JsonValue.Create(n) : null;
        }
        else
        {
            try
            {
                node = JsonNode.Parse(value);
                _ = node.Deserialize(type, ConfigJson.Options);
            }
            catch (JsonException)
            {
                node = null;
            }
        }

        return node ?? throw RcnnException.Usage($"--set {path}={value}: expected {Describe(type)}{(optional ? " or null" : "")}");
    }

    private static string Describe(Type type) => type switch
    {
        _ when type == typeof(string) => "text",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(int) || type == typeof(long) => "a whole number",
        _ when type == typeof(double) => "a number",
        _ when type == typeof(double[][]) => "a JSON array of arrays of numbers such as [[32,64],[128]]",
        _ when type == typeof(double[]) => "a JSON array of numbers such as [0.5,1,2]",
        _ when type == typeof(int[]) => "a JSON array of whole numbers such as [3,4,6,3]",
        _ when type == typeof(string[]) => "a JSON array of texts such as [\"0\",\"1\"]",
        _ => type.Name,
    };

    private static RcnnException Unknown(Type type, string path)
    {
        string[] wanted = path.Split('.');
        IEnumerable<string> known = Paths(type, "");
        string nearest = known.MinBy(candidate => Distance(candidate, path, wanted))!;
        return RcnnException.Usage($"--set {path}: no such setting; did you mean {nearest}?");
    }

    /// <summary>Edit distance of the whole path, or of its last name when that is all that was given.</summary>
    private static int Distance(string candidate, string path, string[] wanted)
    {
        // lr for learningRate.
        string name = candidate.Split('.')[^1];
        if (string.Concat(name.Where((c, i) => i == 0 || char.IsUpper(c))).Equals(wanted[^1], StringComparison.OrdinalIgnoreCase))
        {
            return 0;
        }

        int whole = NearestName.EditDistance(candidate.ToLowerInvariant(), path.ToLowerInvariant());
        int last = NearestName.EditDistance(name.ToLowerInvariant(), wanted[^1].ToLowerInvariant());
        return Math.Min(whole, wanted.Length == 1 ? last : last + 3);
    }
}
