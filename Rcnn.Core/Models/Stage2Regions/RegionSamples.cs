using static TorchSharp.torch;

namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>Regions to train stage 2 on. All tensors are on the model's device.</summary>
/// <param name="Boxes">[S,4] for each image, in pixels of the batch.</param>
/// <param name="Labels">[ΣS] int64, 0 is background.</param>
/// <param name="Foreground">[F] int64: rows of Labels above 0, rising.</param>
/// <param name="ForegroundLabels">[F] int64.</param>
/// <param name="Deltas">[F,4] float32: from the sampled box to its object.</param>
/// <param name="ForegroundBoxes">For each image the foreground among its boxes, [f,4].</param>
/// <param name="ForegroundObjects">For each image [f] int64: index of the object in the image.</param>
public sealed record RegionSamples(
    IReadOnlyList<Tensor> Boxes,
    Tensor Labels,
    Tensor Foreground,
    Tensor ForegroundLabels,
    Tensor Deltas,
    IReadOnlyList<Tensor> ForegroundBoxes,
    IReadOnlyList<Tensor> ForegroundObjects)
{
    /// <summary>Some of them, in their order.</summary>
    /// <param name="kept">For each image the rows of its boxes, rising.</param>
    public RegionSamples Select(IReadOnlyList<long[]> kept)
    {
        using var scope = NewDisposeScope();
        Device device = Labels.device;
        long[] foreground = [.. Foreground.cpu().data<long>()];
        List<long> rows = [], ownRows = [], newForeground = [];
        List<Tensor> boxes = [], ownBoxes = [], ownObjects = [];
        long first = 0, firstOwn = 0;
        for (int image = 0; image < kept.Count; image++)
        {
            var own = new List<long>();
            foreach (long row in kept[image])
            {
                int at = Array.BinarySearch(foreground, first + row);
                if (at >= 0)
                {
                    newForeground.Add(rows.Count);
                    ownRows.Add(at);
                    own.Add(at - firstOwn);
                }

                rows.Add(first + row);
            }

            Tensor mine = tensor(own.ToArray(), ScalarType.Int64, device);
            boxes.Add(Boxes[image].index_select(0, tensor(kept[image], ScalarType.Int64, device)).MoveToOuterDisposeScope());
            ownBoxes.Add(ForegroundBoxes[image].index_select(0, mine).MoveToOuterDisposeScope());
            ownObjects.Add(ForegroundObjects[image].index_select(0, mine).MoveToOuterDisposeScope());
            first += Boxes[image].shape[0];
            firstOwn += ForegroundBoxes[image].shape[0];
        }

        Tensor selected = tensor(ownRows.ToArray(), ScalarType.Int64, device);
        return new RegionSamples(
            boxes,
            Labels.index_select(0, tensor(rows.ToArray(), ScalarType.Int64, device)).MoveToOuterDisposeScope(),
            tensor(newForeground.ToArray(), ScalarType.Int64, device).MoveToOuterDisposeScope(),
            ForegroundLabels.index_select(0, selected).MoveToOuterDisposeScope(),
            Deltas.index_select(0, selected).MoveToOuterDisposeScope(),
            ownBoxes,
            ownObjects);
    }
}
