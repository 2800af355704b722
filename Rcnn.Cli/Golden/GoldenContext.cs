using System.Text.Json;
using Rcnn.Core;
using static TorchSharp.torch;

namespace Rcnn.Cli.Golden;

/// <summary>One case while it runs: its parameters and inputs, and the comparison of what was computed.</summary>
internal sealed class GoldenContext(GoldenCaseFile file, Device device)
{
    private readonly Dictionary<string, NpyArray> _inputs = [];
    private readonly Dictionary<string, GoldenOutcome> _outcomes = [];

    /// <summary>Where tensors made here live.</summary>
    public Device Device { get; } = device;

    /// <summary>The params object of case.json.</summary>
    public JsonElement Params => file.Params;

    public string Folder => file.Folder;

    /// <summary>Names of the inputs the case has.</summary>
    public IReadOnlyCollection<string> InputNames => file.Inputs.Keys;

    /// <summary>Names of the outputs the case declares, in order.</summary>
    public IReadOnlyList<string> OutputNames => [.. file.Outputs.Select(o => o.Name)];

    internal IReadOnlyDictionary<string, GoldenOutcome> Outcomes => _outcomes;

    public bool HasInput(string name) => file.Inputs.ContainsKey(name);

    public bool HasOutput(string name) => file.Outputs.Exists(o => o.Name == name);

    public bool HasParam(string name) => Params.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    /// <exception cref="RcnnException">The case has no such input, or the file differs from its description.</exception>
    public NpyArray Input(string name)
    {
        if (!_inputs.TryGetValue(name, out NpyArray? array))
        {
            if (!file.Inputs.TryGetValue(name, out GoldenArray? description))
            {
                throw new RcnnException($"{CaseJson}: inputs.{name} is missing");
            }

            array = Load(description, "inputs." + name);
            _inputs.Add(name, array);
        }

        return array;
    }

    /// <summary>Input <paramref name="name"/> as a tensor of its own dtype on <see cref="Device"/>; a new one on each call.</summary>
    public Tensor Tensor(string name) => Input(name).ToTensor(Device);

    /// <summary>Full path of the file that plays <paramref name="role"/>.</summary>
    public string File(string role) => file.Files.TryGetValue(role, out string? name)
        ? Path.Combine(file.Folder, name)
        : throw new RcnnException($"{CaseJson}: files.{role} is missing");

    public bool HasFile(string role) => file.Files.ContainsKey(role);

    /// <summary>The parameter element.</summary>
    /// <exception cref="RcnnException">Missing or null.</exception>
    public JsonElement Param(string name) => HasParam(name) ? Params.GetProperty(name) : throw new RcnnException($"{CaseJson}: params.{name} is missing");

    public double Number(string name) => Read(name, "a number", e => e.GetDouble());

    public double Number(string name, double otherwise) => HasParam(name) ? Number(name) : otherwise;

    public int Integer(string name) => Read(name, "an integer", e => e.GetInt32());

    public int Integer(string name, int otherwise) => HasParam(name) ? Integer(name) : otherwise;

    /// <summary>true and false, also written 1 and 0.</summary>
    public bool Flag(string name) => Read(name, "true or false", e => e.ValueKind == JsonValueKind.Number ? e.GetInt32() != 0 : e.GetBoolean());

    public bool Flag(string name, bool otherwise) => HasParam(name) ? Flag(name) : otherwise;

    public string Text(string name) => Read(name, "text", e => e.GetString() ?? throw new InvalidOperationException());

    public double[] Numbers(string name) => Read(name, "a list of numbers", e => e.EnumerateArray().Select(v => v.GetDouble()).ToArray());

    public long[] Integers(string name) => Read(name, "a list of integers", e => e.EnumerateArray().Select(v => v.GetInt64()).ToArray());

    /// <summary>Ends the case as skipped.</summary>
    public void Skip(string reason) => throw new GoldenSkipException(reason);

    /// <summary>Compares with the declared output. Without <paramref name="shape"/> the array is one-dimensional, or a scalar where the case declares one.</summary>
    public void Check(string name, float[] values, params long[]? shape) => Check(name, Shaped(name, values, shape));

    /// <inheritdoc cref="Check(string, float[], long[])"/>
    public void Check(string name, double[] values, params long[]? shape) => Check(name, Shaped(name, values, shape));

    /// <inheritdoc cref="Check(string, float[], long[])"/>
    public void Check(string name, long[] values, params long[]? shape) => Check(name, Shaped(name, values, shape));

    /// <inheritdoc cref="Check(string, float[], long[])"/>
    public void Check(string name, byte[] values, params long[]? shape) => Check(name, Shaped(name, values, shape));

    /// <summary>Compares a scalar.</summary>
    public void Check(string name, double value) => Check(name, [value], null);

    /// <summary>Compares a tensor from any device; gradients are left behind.</summary>
    public void Check(string name, Tensor value) => Check(name, NpyArray.FromTensor(value));

    /// <summary>Compares with the declared output <paramref name="name"/> by its tolerance; a mismatch is recorded and the case goes on.</summary>
    /// <exception cref="InvalidOperationException">No such output, or checked twice: a mistake of the implementation.</exception>
    public void Check(string name, NpyArray value)
    {
        (string Name, GoldenArray Array, GoldenTolerance Tolerance) output = Declared(name);
        NpyArray expected = Load(output.Array, "outputs." + name);
        if (!_outcomes.TryAdd(name, GoldenComparison.Compare(name, value, expected, output.Tolerance, Input)))
        {
            throw new InvalidOperationException($"output {name} was checked twice");
        }
    }

    /// <summary>The stored value of an output: for cases whose later steps start from it.</summary>
    public NpyArray Expected(string name) => Load(Declared(name).Array, "outputs." + name);

    private string CaseJson => Path.Combine(file.Folder, "case.json");

    private (string Name, GoldenArray Array, GoldenTolerance Tolerance) Declared(string name)
    {
        int i = file.Outputs.FindIndex(o => o.Name == name);
        return i >= 0 ? file.Outputs[i] : throw new InvalidOperationException($"{CaseJson} declares no output {name}");
    }

    private NpyArray Shaped(string name, Array values, long[]? shape)
    {
        if (shape is null or { Length: 0 })
        {
            shape = values.Length == 1 && Declared(name).Array.Shape.Length == 0 ? [] : [values.Length];
        }

        return new NpyArray(values, shape);
    }

    private NpyArray Load(GoldenArray description, string field)
    {
        NpyArray array = NpyArray.Read(Path.Combine(file.Folder, description.File));
        if (array.DType != description.DType || !array.Shape.AsSpan().SequenceEqual(description.Shape))
        {
            throw new RcnnException($"{CaseJson}: {field}: {description.DType} {NpyArray.ShapeText(description.Shape)} declared, "
                + $"{description.File} holds {array.DType} {array.ShapeName}");
        }

        return array;
    }

    private T Read<T>(string name, string wanted, Func<JsonElement, T> read)
    {
        JsonElement e = Param(name);
        try
        {
            return read(e);
        }
        catch (Exception x) when (x is InvalidOperationException or FormatException)
        {
            throw new RcnnException($"{CaseJson}: params.{name}: {wanted} expected, got {e.GetRawText()}", 1, x);
        }
    }
}

/// <summary>Ends a case as skipped, with the reason.</summary>
internal sealed class GoldenSkipException(string reason) : Exception(reason);
