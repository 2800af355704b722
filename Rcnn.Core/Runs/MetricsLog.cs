using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rcnn.Core.Runs;

/// <summary>
/// metrics.jsonl: one JSON object a line. <c>{"kind":"step","step":…,"loss":…}</c> for training steps, <c>{"kind":"eval","step":…,"AP":…}</c> for
/// validations. Lines beyond a checkpoint vanish when the run goes on from it, so that the file tells one story.
/// </summary>
public sealed class MetricsLog : IDisposable
{
    private readonly FileStream _stream;

    private MetricsLog(FileStream stream) => _stream = stream;

    /// <summary>Opens the file for appending after dropping all lines beyond <paramref name="lastStep"/> and a torn last line.</summary>
    public static MetricsLog Open(string path, int lastStep)
    {
        if (File.Exists(path))
        {
            string kept = string.Concat(Read(path).Where(line => (int?)line["step"] <= lastStep).Select(line => line.ToJsonString() + "\n"));
            DurableFile.WriteText(path, kept);
        }

        return new MetricsLog(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read));
    }

    /// <summary>All whole lines. A line that a kill cut short is left out.</summary>
    public static IReadOnlyList<JsonObject> Read(string path)
    {
        var lines = new List<JsonObject>();
        if (!File.Exists(path))
        {
            return lines;
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } text)
        {
            try
            {
                if (JsonNode.Parse(text) is JsonObject line && line["step"] is JsonValue)
                {
                    lines.Add(line);
                }
            }
            catch (JsonException)
            {
                // Cut short by a kill.
            }
        }

        return lines;
    }

    /// <summary>Appends one line; it is with the operating system when this returns.</summary>
    /// <exception cref="RcnnException">The disk is full.</exception>
    public void Append(string kind, int step, IEnumerable<KeyValuePair<string, double>> values)
    {
        var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", kind);
            writer.WriteNumber("step", step);
            foreach ((string name, double value) in values)
            {
                if (double.IsFinite(value))
                {
                    writer.WriteNumber(name, value);
                }
            }

            writer.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
        try
        {
            _stream.Write(buffer.GetBuffer(), 0, (int)buffer.Length);
            _stream.Flush();
        }
        catch (IOException e)
        {
            throw new RcnnException($"{_stream.Name}: not written: {e.Message}", inner: e);
        }
    }

    /// <summary>Waits until all lines are on the disk.</summary>
    public void Sync() => _stream.Flush(flushToDisk: true);

    public void Dispose() => _stream.Dispose();
}
