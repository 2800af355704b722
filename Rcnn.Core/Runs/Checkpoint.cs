using Rcnn.Core.Training;
using Rcnn.Core.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Core.Runs;

/// <summary>
/// A checkpoint folder: <c>weights.safetensors</c> (the model's state), <c>optimizer.safetensors</c> (the optimizer's memory and libtorch's
/// generator), <c>average.safetensors</c> when the run keeps an average of the weights, <c>state.json</c>. The folder appears under its name only when all are on the disk.
/// </summary>
public static class Checkpoint
{
    public const string WeightsFile = "weights.safetensors";
    public const string OptimizerFile = "optimizer.safetensors";
    public const string AverageFile = "average.safetensors";
    public const string StateFile = "state.json";
    private const string GeneratorKey = "torch/generator";

    /// <summary>Writes the checkpoint. When the folder exists it holds the same step, so the same tensors, and only its state is renewed.</summary>
    /// <exception cref="RcnnException">The disk is full; nothing is left behind.</exception>
    public static void Write(string folder, Trainer trainer, CheckpointState state)
    {
        string text = ConfigJson.Write(state with
        {
            Sampling = [.. trainer.Random.State],
            LossScale = trainer.Scaler?.Scale,
            LossScaleSteps = trainer.Scaler?.GoodSteps,
        });
        if (Directory.Exists(folder))
        {
            DurableFile.WriteText(Path.Combine(folder, StateFile), text);
            return;
        }

        using DisposeScope scope = NewDisposeScope();
        DurableFile.WriteFolder(folder, temporary =>
        {
            SafeTensors.Write(Path.Combine(temporary, WeightsFile), trainer.Model.state_dict());
            var memory = new Dictionary<string, Tensor>(OptimizerMemory.Capture(trainer.Groups))
            {
                [GeneratorKey] = random.get_rng_state(),
            };
            SafeTensors.Write(Path.Combine(temporary, OptimizerFile), memory);
            if (trainer.Average is { } average)
            {
                SafeTensors.Write(Path.Combine(temporary, AverageFile), average.State);
            }

            File.WriteAllText(Path.Combine(temporary, StateFile), text);
        });
    }

    /// <summary>Restores weights, optimizer and random streams.</summary>
    /// <exception cref="RcnnException">A file is missing or does not fit the model; names it.</exception>
    public static CheckpointState Restore(string folder, Trainer trainer)
    {
        using DisposeScope scope = NewDisposeScope();
        CheckpointState state = ReadState(folder);
        Load(Path.Combine(folder, WeightsFile), trainer.Model);
        string file = Path.Combine(folder, OptimizerFile);
        IReadOnlyDictionary<string, Tensor> memory = WeightFile.Read(file);
        OptimizerMemory.Restore(trainer.Groups, memory, file);
        if (memory.TryGetValue(GeneratorKey, out Tensor? generator))
        {
            random.set_rng_state(generator);
        }

        if (trainer.Average is { } average)
        {
            string averageFile = Path.Combine(folder, AverageFile);
            average.Restore(WeightFile.Read(averageFile), averageFile);
        }

        if (state is { LossScale: { } scale, LossScaleSteps: { } steps })
        {
            trainer.Scaler?.Restore(scale, steps);
        }

        trainer.Random.State = state.Sampling;
        return state;
    }

    /// <summary>Restores the weights to detect with: the average where there is one, else the weights.</summary>
    /// <exception cref="RcnnException">A tensor is missing, unknown or of another shape; names file and tensor.</exception>
    public static void LoadWeights(string folder, nn.Module model)
    {
        using DisposeScope scope = NewDisposeScope();
        string average = Path.Combine(folder, AverageFile);
        Load(File.Exists(average) ? average : Path.Combine(folder, WeightsFile), model);
    }

    private static void Load(string file, nn.Module model) => StateTensors.Copy(WeightFile.Read(file), model.state_dict(), file);

    public static CheckpointState ReadState(string folder)
    {
        string file = Path.Combine(folder, StateFile);
        return File.Exists(file)
            ? ConfigJson.Read<CheckpointState>(File.ReadAllText(file), file)
            : throw new RcnnException($"{file}: no such file; the folder is no checkpoint");
    }
}
