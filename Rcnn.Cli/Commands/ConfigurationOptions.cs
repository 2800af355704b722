using System.CommandLine;
using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;

namespace Rcnn.Cli.Commands;

/// <summary>Options that name a configuration: that of a run or of a model, with settings laid over it.</summary>
internal sealed class ConfigurationOptions(string setDescription)
{
    private const int Classes = 90;

    private readonly Option<string?> _run = new("--run") { Description = "A run folder: its configuration.", HelpName = "DIR" };
    private readonly Option<string?> _model = new("--model") { Description = "An assembly or a torchvision name (default faster-rcnn-fpn).", HelpName = "M" };
    private readonly Option<string?> _backbone = new("--backbone") { Description = "Its backbone.", HelpName = "B" };
    private readonly Option<string[]> _set = new("--set") { Description = setDescription, HelpName = "key=value" };

    public void AddTo(Command command)
    {
        command.Options.Add(_run);
        command.Options.Add(_model);
        command.Options.Add(_backbone);
        command.Options.Add(_set);
    }

    /// <summary>The run's configuration, or the preset that <c>rcnn train</c> would start from with COCO's classes.</summary>
    /// <exception cref="RcnnException">A run and a model, an unknown name, or a setting that is not one.</exception>
    public TrainConfig Read(ParseResult parsed)
    {
        if (parsed.GetValue(_run) is not null && (parsed.GetValue(_model) ?? parsed.GetValue(_backbone)) is not null)
        {
            throw RcnnException.Usage("explain: either --run or --model and --backbone expected");
        }

        TrainConfig config = parsed.GetValue(_run) is { } folder
            ? RunFolder.Open(folder).Config
            : TrainPresets.For(parsed.GetValue(_model) ?? "faster-rcnn-fpn", parsed.GetValue(_backbone), Classes);
        return ConfigOverrides.Apply(config, parsed.GetValue(_set) ?? []);
    }
}
