using Rcnn.Core.Data;
using Rcnn.Core.Models.Classic;
using Rcnn.Ops;

namespace Rcnn.Tests.Models.Classic;

public sealed class NegativeMiningTests
{
    private const int Images = 12, Passes = 2;
    private static readonly SvmConfig Config = new() { C = 0.05, RetrainAfter = 30, Epochs = Passes, Tolerance = 1e-6 };

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(12)] // in the end of the first pass
    [InlineData(20)]
    public void Run_StoppedAndGoneOn_RepeatsNoImage_AndEndsWithTheSameBits(int stopAt)
    {
        NegativeMining whole = Mining(seed: 0);
        LinearMachine[] expected = whole.Run(null, CancellationToken.None);
        Assert.All(whole.Work, w => Assert.InRange(w.Trainings, 3, 40));

        NegativeMining cut = Mining(seed: 0);
        using var stop = new CancellationTokenSource();
        byte[]? kept = null;
        Assert.Throws<OperationCanceledException>(() => cut.Run((done, _) => Cancel(done), stop.Token, () => kept = cut.State));
        NegativeMining on = Mining(seed: 99);
        on.State = kept!;
        Assert.Equal(stopAt, on.Done);
        List<int> images = [];
        LinearMachine[] machines = on.Run((done, _) => images.Add(done), CancellationToken.None);
        Assert.Equal(Enumerable.Range(stopAt + 1, (Images * Passes) - stopAt), images);
        Assert.Equal(whole.Work, on.Work);
        Assert.Equal(whole.State, on.State);
        Assert.All(expected.Zip(machines), pair =>
        {
            Assert.Equal(pair.First.Weights, pair.Second.Weights);
            Assert.Equal((pair.First.Offset, pair.First.Scale), (pair.Second.Offset, pair.Second.Scale));
        });

        void Cancel(int done)
        {
            if (done == stopAt)
            {
                stop.Cancel();
            }
        }
    }

    [Fact]
    public void Run_OfAFinishedState_DoesNothing()
    {
        NegativeMining whole = Mining(seed: 0), again = Mining(seed: 0);
        LinearMachine[] expected = whole.Run(null, CancellationToken.None);
        again.State = whole.State;
        LinearMachine[] machines = again.Run((_, _) => Assert.Fail("an image was looked at"), CancellationToken.None);
        Assert.Equal(expected.Select(m => m.Offset), machines.Select(m => m.Offset));
    }

    [Fact]
    public void Run_SavesAfterEveryTraining()
    {
        NegativeMining mining = Mining(seed: 0);
        List<int> trainings = [];
        mining.Run(null, CancellationToken.None, () => trainings.Add(mining.Work.Sum(w => w.Trainings)));
        Assert.Equal(mining.Work.Sum(w => w.Trainings), trainings[^1]);
        Assert.All(trainings.Zip(trainings.Skip(1)), t => Assert.InRange(t.Second - t.First, 0, 2));
    }

    private static NegativeMining Mining(long seed)
    {
        var random = new RandomStream(4);
        List<float[]> rows = [];
        RcnnRegions[] images = [.. Enumerable.Range(0, Images).Select(i =>
        {
            Box[] proposals = [.. Enumerable.Range(0, 20).Select(p => new Box(100 + p, 100, 120 + p, 121))];
            rows.Add(Feature(random, 1 + (i % 2)));
            rows.AddRange(proposals.Select(_ => Feature(random, 0)));
            return new RcnnRegions([new Box(0, 0, 20, 20)], [1 + (i % 2)], proposals);
        })];
        return new NegativeMining(i => rows[i], images, 2, 6, 1, Config, new RandomStream(seed));
    }

    private static float[] Feature(RandomStream random, int label) =>
        [.. Enumerable.Range(0, 6).Select(d => (float)(random.NextGaussian() + (d == label && label > 0 ? 2 : 0)))];
}
