using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;

namespace Rcnn.Tests.Data;

public sealed class ProposalRecallTests
{
    [Fact]
    public void Recall_CountsObjectsCoveredByTheFirstProposals()
    {
        var recall = new ProposalRecall([1, 2], [0.5, 0.7]);
        // IoU 0.6 by the first, 1 by the second; an object nobody finds; an image without proposals.
        recall.Add([new Box(0, 0, 6, 10), new Box(0, 0, 10, 10)], [new Box(0, 0, 10, 10), new Box(50, 50, 60, 60)]);
        recall.Add([], [new Box(0, 0, 1, 1), new Box(2, 2, 3, 3)]);
        Assert.Equal((4, 1.0), (recall.Objects, recall.MeanCount));
        Assert.Equal((0.25, 0.0, 0.25, 0.25), (recall.Recall(1, 0.5), recall.Recall(1, 0.7), recall.Recall(2, 0.5), recall.Recall(2, 0.7)));
        Assert.Throws<ArgumentException>(() => recall.Recall(3, 0.5));
    }

    [Fact]
    public void SlidingWindows_LieInTheImage()
    {
        var image = new RgbImage(48, 64, new byte[48 * 64 * 3]);
        Box[] boxes = new SlidingWindows().Propose(image);
        Assert.True(boxes.Length > 100);
        Assert.All(boxes, b => Assert.True(b.X1 >= 0 && b.Y1 >= 0 && b.X2 <= 64 && b.Y2 <= 48 && b.Width > 0 && b.Height > 0));
    }
}
