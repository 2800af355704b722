using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Rcnn.Core.Training;

/// <summary>Configurations as JSON: camelCase names, every default written, unknown names rejected when read.</summary>
public static class ConfigJson
{
    internal static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write<T>(T config) => JsonSerializer.Serialize(config, Options) + "\n";

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">The file's name, for messages.</param>
    /// <exception cref="RcnnException">Not JSON, an unknown name or a value of the wrong type; names the place.</exception>
    public static T Read<T>(string json, string source)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options) ?? throw new RcnnException($"{source}: holds null instead of a configuration");
        }
        catch (JsonException e)
        {
            throw new RcnnException($"{source}: {e.Message}", inner: e);
        }
    }

    /// <summary>The settings as dotted path → value in JSON; arrays are one value.</summary>
    public static IReadOnlyDictionary<string, string> Flatten<T>(T config)
    {
        var result = new Dictionary<string, string>();
        Collect(JsonSerializer.SerializeToNode(config, Options), "", result);
        return result;
    }

    private static void Collect(JsonNode? node, string path, Dictionary<string, string> result)
    {
        if (node is JsonObject branch)
        {
            foreach ((string name, JsonNode? value) in branch)
            {
                Collect(value, path.Length == 0 ? name : path + "." + name, result);
            }
        }
        else
        {
            result[path] = node is null ? "null" : node.ToJsonString(Compact);
        }
    }

    private static readonly JsonSerializerOptions Compact = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
