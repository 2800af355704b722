using System.CommandLine;

namespace Rcnn.Cli.Commands;

/// <summary><c>--device</c>: where a model computes.</summary>
internal static class DeviceOption
{
    public static Option<string?> Create(string description) => new("--device") { Description = description, HelpName = "cpu|cuda|cuda:N" };
}
