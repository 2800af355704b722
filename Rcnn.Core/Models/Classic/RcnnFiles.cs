using Rcnn.Core.Runs;
using static TorchSharp.torch;

namespace Rcnn.Core.Models.Classic;

/// <summary>An R-CNN from the checkpoint of its run.</summary>
public static class RcnnFiles
{
    /// <param name="config">The run's model.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="checkpoint">A folder with the network's weights and its machines.</param>
    /// <param name="device">Where the network computes, as <see cref="ComputeDevice"/> names it.</param>
    /// <exception cref="RcnnException">A file is missing or does not fit, or no such device.</exception>
    public static RcnnDetector Detector(DetectorConfig config, long seed, string checkpoint, string device = "cpu")
    {
        Device place = ComputeDevice.Of(device);
        var network = new RcnnNetwork(config, seed);
        ComputeDevice.Place(network, place);
        Checkpoint.LoadWeights(checkpoint, network);
        network.eval();
        return new RcnnDetector(config, network, RcnnMachines.Read(Path.Combine(checkpoint, RcnnMachines.FileName)));
    }
}
