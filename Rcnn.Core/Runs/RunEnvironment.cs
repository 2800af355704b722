using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Rcnn.Core.Data;
using Rcnn.Core.Training;
using static TorchSharp.torch;

namespace Rcnn.Core.Runs;

/// <summary>environment.json: what a run ran on and with, to explain or repeat its numbers.</summary>
public static class RunEnvironment
{
    /// <summary>Writes the file; a resumed run adds its session to those before.</summary>
    /// <exception cref="RcnnException">The training data is not the data that the run began with.</exception>
    public static void Write(RunFolder folder, IDetectionDataset train, IDetectionDataset? validation, int step)
    {
        string fingerprint = train.Fingerprint();
        var sessions = new JsonArray();
        if (File.Exists(folder.EnvironmentFile) && JsonNode.Parse(File.ReadAllText(folder.EnvironmentFile)) is JsonObject earlier)
        {
            string? before = (string?)earlier["trainData"]?["sha256"];
            if (step > 0 && before is not null && before != fingerprint)
            {
                throw new RcnnException($"{train.Name}: not the data that {folder.Directory} was trained on (SHA-256 {fingerprint[..12]}…, then {before[..12]}…)");
            }

            sessions = (earlier["sessions"] as JsonArray)?.DeepClone() as JsonArray ?? sessions;
        }

        sessions.Add(new JsonObject { ["started"] = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ"), ["step"] = step, ["host"] = Environment.MachineName, ["device"] = folder.Config.Device });
        var content = new JsonObject
        {
            ["version"] = typeof(RunEnvironment).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
            ["runtime"] = RuntimeInformation.FrameworkDescription,
            ["system"] = RuntimeInformation.OSDescription,
            ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
            ["processors"] = Environment.ProcessorCount,
            ["torchSharp"] = typeof(Tensor).Assembly.GetName().Name + " " + typeof(Tensor).Assembly.GetName().Version,
            ["libtorch"] = __version__,
            ["threads"] = get_num_threads(),
            ["device"] = folder.Config.Device,
            ["trainData"] = Describe(train, fingerprint),
            ["validationData"] = validation is null ? null : Describe(validation, validation.Fingerprint()),
            ["sessions"] = sessions,
        };
        DurableFile.WriteText(folder.EnvironmentFile, content.ToJsonString(ConfigJson.Options) + "\n");
    }

    private static JsonObject Describe(IDetectionDataset data, string fingerprint) =>
        new() { ["name"] = data.Name, ["images"] = data.Count, ["sha256"] = fingerprint };
}
