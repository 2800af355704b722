using Rcnn.Core.Data;
using Rcnn.Ops;

namespace Rcnn.Core.Models.Classic;

/// <summary>The regions of one image and what they overlap: its objects first, then its proposals.</summary>
internal sealed class RcnnRegions
{
    public RcnnRegions(IReadOnlyList<Box> objects, IReadOnlyList<int> labels, IReadOnlyList<Box> proposals)
    {
        (Objects, Labels) = (objects, labels);

        // A proposal that is an object to the pixel would stand twice.
        Boxes = [.. objects, .. proposals.Where(p => !objects.Contains(p))];
    }

    public IReadOnlyList<Box> Objects { get; }

    /// <summary>1..C, of the objects.</summary>
    public IReadOnlyList<int> Labels { get; }

    public Box[] Boxes { get; }

    /// <summary>Greatest IoU of a region with an object of the class; 0 where the image has none.</summary>
    public double Overlap(int region, int label)
    {
        double best = 0;
        for (int i = 0; i < Objects.Count; i++)
        {
            best = Labels[i] == label ? Math.Max(best, RegionOverlap.Of(Boxes[region], Objects[i])) : best;
        }

        return best;
    }

    /// <summary>The object with the greatest IoU, of any class.</summary>
    public (int Index, double Iou) Best(int region) => RegionOverlap.Best(Boxes[region], Objects);
}

/// <summary>Regions of a batch of images for one step of fine-tuning (Girshick et al. 2014, §2.3): so many objects, so much background, drawn from all images together.</summary>
internal static class FineTuneSampler
{
    /// <returns>Image, region and label (0 is background) of each sample; fewer than asked for where the images have no more</returns>
    public static List<(int Image, int Region, int Label)> Draw(IReadOnlyList<RcnnRegions> images, FineTuneConfig config, RandomStream random)
    {
        List<(int, int, int)> foreground = [], background = [];
        for (int i = 0; i < images.Count; i++)
        {
            for (int r = 0; r < images[i].Boxes.Length; r++)
            {
                (int index, double iou) = images[i].Best(r);
                if (index >= 0 && iou >= config.ForegroundIou)
                {
                    foreground.Add((i, r, images[i].Labels[index]));
                }
                else
                {
                    background.Add((i, r, 0));
                }
            }
        }

        return [.. Some(foreground, config.Foreground), .. Some(background, config.Background)];

        IEnumerable<(int, int, int)> Some(List<(int, int, int)> from, int count) => random.Permutation(from.Count).Take(count).Select(i => from[i]);
    }
}
