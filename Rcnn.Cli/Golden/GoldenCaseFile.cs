using System.Text.Json;
using Rcnn.Core;

namespace Rcnn.Cli.Golden;

/// <summary>A stored array: file name within the case, dtype name, shape.</summary>
internal sealed record GoldenArray(string File, string DType, long[] Shape);

/// <summary>What a case.json says.</summary>
internal sealed class GoldenCaseFile
{
    private GoldenCaseFile(string folder, string op, JsonElement parameters)
    {
        (Folder, Op, Params) = (folder, op, parameters);
        string parent = Path.GetFileName(Path.GetDirectoryName(folder)) ?? "";
        Name = parent.Length == 0 ? Path.GetFileName(folder) : parent + "/" + Path.GetFileName(folder);
    }

    /// <summary>The last two folder names, as in <c>ops/box_iou_0</c>.</summary>
    public string Name { get; }

    public string Folder { get; }

    public string Op { get; }

    /// <summary>An object; empty where the file has none.</summary>
    public JsonElement Params { get; }

    public Dictionary<string, GoldenArray> Inputs { get; } = [];

    /// <summary>In the order of the file.</summary>
    public List<(string Name, GoldenArray Array, GoldenTolerance Tolerance)> Outputs { get; } = [];

    /// <summary>Further files by role.</summary>
    public Dictionary<string, string> Files { get; } = [];

    /// <exception cref="RcnnException">Unreadable or malformed; names the file and the field.</exception>
    public static GoldenCaseFile Read(string file)
    {
        JsonElement root;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            root = document.RootElement.Clone();
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new RcnnException($"{file}: {e.Message}", 1, e);
        }

        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new RcnnException($"{file}: an object expected, got {root.ValueKind}");
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        JsonElement parameters = root.TryGetProperty("params", out JsonElement p) && p.ValueKind != JsonValueKind.Null ? p : JsonDocument.Parse("{}").RootElement;
        Require(parameters, JsonValueKind.Object, file, "params");
        var result = new GoldenCaseFile(folder, Text(root, "op", file, "op"), parameters);
        foreach (JsonProperty input in Members(root, "inputs", file, false))
        {
            result.Inputs.Add(input.Name, Array(input.Value, file, "inputs." + input.Name));
        }

        foreach (JsonProperty output in Members(root, "outputs", file, true))
        {
            string field = "outputs." + output.Name;
            result.Outputs.Add((output.Name, Array(output.Value, file, field), Tolerance(output.Value, file, field + ".tolerance")));
        }

        foreach (JsonProperty extra in Members(root, "files", file, false))
        {
            Require(extra.Value, JsonValueKind.String, file, "files." + extra.Name);
            result.Files.Add(extra.Name, Inside(extra.Value.GetString()!, file, "files." + extra.Name));
        }

        return result;
    }

    private static GoldenArray Array(JsonElement e, string file, string field)
    {
        Require(e, JsonValueKind.Object, file, field);
        string name = Inside(Text(e, "file", file, field + ".file"), file, field + ".file");
        string dtype = Text(e, "dtype", file, field + ".dtype");
        if (!e.TryGetProperty("shape", out JsonElement shape) || shape.ValueKind != JsonValueKind.Array)
        {
            throw new RcnnException($"{file}: {field}.shape: a list of integers expected");
        }

        var sides = new List<long>();
        foreach (JsonElement side in shape.EnumerateArray())
        {
            if (side.ValueKind != JsonValueKind.Number || !side.TryGetInt64(out long value) || value < 0)
            {
                throw new RcnnException($"{file}: {field}.shape: a list of integers expected, got {shape.GetRawText()}");
            }

            sides.Add(value);
        }

        return new GoldenArray(name, dtype, [.. sides]);
    }

    private static GoldenTolerance Tolerance(JsonElement output, string file, string field)
    {
        if (!output.TryGetProperty("tolerance", out JsonElement e))
        {
            throw new RcnnException($"{file}: {field} is missing");
        }

        Require(e, JsonValueKind.Object, file, field);
        string kind = Text(e, "kind", file, field + ".kind");
        if (!GoldenTolerance.Kinds.TryGetValue(kind, out string[]? needed))
        {
            throw new RcnnException($"{file}: {field}.kind: '{kind}' is none of {string.Join(", ", GoldenTolerance.Kinds.Keys)}");
        }

        var values = new Dictionary<string, double>();
        foreach (string name in needed)
        {
            if (!e.TryGetProperty(name, out JsonElement value) || value.ValueKind != JsonValueKind.Number || !(value.GetDouble() >= 0))
            {
                throw new RcnnException($"{file}: {field}.{name}: a number ≥ 0 expected for {kind}");
            }

            values.Add(name, value.GetDouble());
        }

        return new GoldenTolerance(kind, values);
    }

    private static JsonElement.ObjectEnumerator Members(JsonElement root, string name, string file, bool required)
    {
        if (!root.TryGetProperty(name, out JsonElement e) || e.ValueKind == JsonValueKind.Null)
        {
            return required ? throw new RcnnException($"{file}: {name} is missing") : JsonDocument.Parse("{}").RootElement.EnumerateObject();
        }

        Require(e, JsonValueKind.Object, file, name);
        return e.EnumerateObject();
    }

    private static string Text(JsonElement e, string name, string file, string field) =>
        e.TryGetProperty(name, out JsonElement value)
            ? value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new RcnnException($"{file}: {field}: text expected, got {value.GetRawText()}")
            : throw new RcnnException($"{file}: {field} is missing");

    private static void Require(JsonElement e, JsonValueKind kind, string file, string field)
    {
        if (e.ValueKind != kind)
        {
            throw new RcnnException($"{file}: {field}: {kind.ToString().ToLowerInvariant()} expected, got {e.ValueKind.ToString().ToLowerInvariant()}");
        }
    }

    private static string Inside(string name, string file, string field) =>
        name.Length == 0 || Path.IsPathRooted(name) || name.Split('/', '\\').Contains("..")
            ? throw new RcnnException($"{file}: {field}: '{name}' is no file of the case's own folder")
            : name;
}
