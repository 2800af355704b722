using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Rcnn.Core.Training;

namespace Rcnn.Core.Settings;

/// <summary>Every setting of a configuration against <see cref="SettingRanges"/>.</summary>
internal static class SettingsCheck
{
    private static readonly JsonSerializerOptions Compact = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <param name="config">A record of settings.</param>
    /// <param name="prefix">Where it stands in a training configuration: empty, or such as <c>model.</c></param>
    /// <exception cref="RcnnException">A value that is not allowed; names setting, value and what is. Exit code 2.</exception>
    public static void Run(object config, string prefix)
    {
        foreach (PropertyInfo property in ConfigOverrides.Settings(config.GetType()))
        {
            string key = prefix + JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            object? value = property.GetValue(config);
            if (ConfigOverrides.IsBranch(property.PropertyType))
            {
                Run(value ?? throw Refused(key, value, "settings"), key + ".");
            }
            else if (SettingRanges.All.TryGetValue(key, out SettingRange? range) && !(value is null ? range.Optional : range.Holds(value)))
            {
                if (range.Names is { } names && value is string name)
                {
                    NearestName.Require(key, name, names);
                }

                throw Refused(key, value, range.Text);
            }
        }
    }

    /// <summary>One line: setting, value, what is expected instead.</summary>
    public static RcnnException Refused(string key, object? value, string expected) =>
        RcnnException.Usage($"{key}={JsonSerializer.Serialize(value, Compact).Trim('"')}: expected {expected}");
}
