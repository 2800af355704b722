using Rcnn.Core;
using Rcnn.Core.Training;

namespace Rcnn.Cli.Commands;

/// <summary>What the user gave to <c>rcnn train</c>; null is what was not given.</summary>
internal sealed record TrainArguments(
    string? Data,
    string? Validation,
    string? Model,
    string? Backbone,
    string? Init,
    string Out,
    StopConfig Stop,
    long? Seed,
    bool Resume,
    IReadOnlyList<string> Settings)
{
    /// <summary>The configuration: the stored one of a resumed run or the model's preset, with what was given laid over it.</summary>
    public TrainConfig Configure(TrainConfig? stored, int classes)
    {
        TrainConfig config = stored is not null && Model is null && Backbone is null
            ? stored
            : TrainPresets.For(Model ?? stored?.Model.Assembly ?? throw RcnnException.Usage("train: --model is missing"), Backbone, classes);
        if (Stop is not { Steps: null, Epochs: null, Minutes: null })
        {
            config = config with { Stop = Stop with { Patience = config.Stop.Patience } };
        }
        else if (stored is not null)
        {
            config = config with { Stop = stored.Stop };
        }

        config = config with { Seed = Seed ?? stored?.Seed ?? 0, Init = Init ?? stored?.Init, Device = stored?.Device ?? config.Device };
        return ConfigOverrides.Apply(config, Settings);
    }
}
