using Rcnn.Core.Runs;
using Rcnn.Core.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Core.Models.Classic;

/// <summary>What R-CNN learns after its network: a linear machine and a box regression for each class. Either may be left out. <c>rcnn.safetensors</c> beside the network's weights.</summary>
internal sealed record RcnnMachines(LinearMachine[] Machines, BoxRidge[] Boxes, double BoxScale)
{
    public const string FileName = "rcnn.safetensors";

    public void Write(string path)
    {
        using DisposeScope scope = NewDisposeScope();
        int classes = Math.Max(Machines.Length, Boxes.Length);
        var tensors = new Dictionary<string, Tensor> { ["classes"] = tensor(new[] { (long)classes }), ["box.scale"] = tensor(new[] { BoxScale }) };
        for (int c = 0; c < Machines.Length; c++)
        {
            tensors[$"svm.{c + 1}.weight"] = tensor(Machines[c].Weights);
            tensors[$"svm.{c + 1}.offset_scale"] = tensor(new[] { Machines[c].Offset, Machines[c].Scale });
        }

        for (int c = 0; c < Boxes.Length; c++)
        {
            tensors[$"box.{c + 1}.weight"] = tensor([.. Boxes[c].Weights.Cast<double>()], [Boxes[c].Weights.GetLength(0), 4]);
            tensors[$"box.{c + 1}.unwhiten"] = tensor([.. Boxes[c].Unwhiten.Cast<double>()], [4, 4]);
            tensors[$"box.{c + 1}.mean"] = tensor(Boxes[c].Mean);
        }

        DurableFile.Write(path, file => SafeTensors.Write(file, tensors));
    }

    /// <exception cref="RcnnException">The file is missing or damaged: the run has not come that far.</exception>
    public static RcnnMachines Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new RcnnException($"{path}: no such file; the run stopped before its machines were trained, go on with --resume");
        }

        using DisposeScope scope = NewDisposeScope();
        IReadOnlyDictionary<string, Tensor> tensors = WeightFile.Read(path);
        int classes = (int)tensors["classes"].data<long>()[0];
        LinearMachine[] machines = [.. Enumerable.Range(1, classes).Where(c => tensors.ContainsKey($"svm.{c}.weight")).Select(c =>
            new LinearMachine(Values($"svm.{c}.weight"), Values($"svm.{c}.offset_scale")[0], Values($"svm.{c}.offset_scale")[1]))];
        BoxRidge[] boxes = [.. Enumerable.Range(1, classes).Where(c => tensors.ContainsKey($"box.{c}.weight")).Select(c =>
            new BoxRidge(Table($"box.{c}.weight"), Table($"box.{c}.unwhiten"), Values($"box.{c}.mean")))];
        return new RcnnMachines(machines, boxes, Values("box.scale")[0]);

        double[] Values(string name) => tensors[name].data<double>().ToArray();

        double[,] Table(string name)
        {
            double[] values = Values(name);
            var table = new double[values.Length / 4, 4];
            Buffer.BlockCopy(values, 0, table, 0, values.Length * sizeof(double));
            return table;
        }
    }
}
