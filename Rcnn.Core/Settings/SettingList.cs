using System.Text.Json;
using Rcnn.Core.Training;

namespace Rcnn.Core.Settings;

/// <summary>One setting as <c>--set</c> takes it.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">What it is, in the form <c>--set</c> takes.</param>
/// <param name="Allowed">What it may be.</param>
/// <param name="Meaning">What it does; empty where nobody has said so.</param>
public sealed record Setting(string Key, string Value, string Allowed, string Meaning);

/// <summary>All settings of a configuration, read off its records: their names, values, ranges and doc comments.</summary>
public static class SettingList
{
    /// <summary>In the order in which config.json has them.</summary>
    public static IReadOnlyList<Setting> Of(TrainConfig config)
    {
        IReadOnlyDictionary<string, string> meanings = SettingMeanings.Of<TrainConfig>();
        return
        [
            .. ConfigJson.Flatten(config).Select(entry => new Setting(
                entry.Key,
                entry.Value.StartsWith('"') ? JsonSerializer.Deserialize<string>(entry.Value)! : entry.Value,
                SettingRanges.All.TryGetValue(entry.Key, out SettingRange? range) ? range.Text : "true or false",
                meanings.GetValueOrDefault(entry.Key, ""))),
        ];
    }
}
