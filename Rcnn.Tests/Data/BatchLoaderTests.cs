using Rcnn.Core;
using Rcnn.Core.Data;

namespace Rcnn.Tests.Data;

public sealed class BatchLoaderTests
{
    private static readonly LoaderOptions Augmented = new() { BatchSize = 3, Seed = 5, FlipProbability = 0.5, ColourJitter = 0.2, MaxSide = 100, CacheBytes = 300_000, Workers = 2, Prefetch = 2 };

    [Fact]
    public void Batches_AreTheSameWithAnyNumberOfWorkersCacheAndPrefetch()
    {
        List<string> expected = Describe(Augmented, 0, 1);
        Assert.Equal(2 * 4, expected.Count);
        Assert.NotEqual(expected[0], expected[4]);
        foreach (LoaderOptions options in new[]
        {
            Augmented with { Workers = 0 }, Augmented with { Workers = 1 }, Augmented with { Workers = 4, Prefetch = 9 }, Augmented with { CacheBytes = 0 }, Augmented with { CacheBytes = 1 << 30 },
        })
        {
            Assert.Equal(expected, Describe(options, 0, 1));
        }
    }

    [Fact]
    public void SkippedBatches_GiveTheRestOfTheSameEpoch()
    {
        List<string> whole = Describe(Augmented, 3, 3);
        for (int skip = 0; skip <= 5; skip++)
        {
            using var loader = new BatchLoader(Data(), Augmented);
            Assert.Equal(whole.Skip(skip), loader.Epoch(3, skip).Select(Describe));
        }
    }

    [Fact]
    public void Epoch_ContainsEveryImageOnce_InANewOrder()
    {
        using var loader = new BatchLoader(Data(), Augmented);
        int[] first = Indices(loader, 0), second = Indices(loader, 1);
        Assert.Equal(Enumerable.Range(0, 11), first.Order());
        Assert.Equal(Enumerable.Range(0, 11), second.Order());
        Assert.NotEqual(first, second);
        Assert.Equal(first, Indices(loader, 0));
        using var other = new BatchLoader(Data(), Augmented with { Seed = 6 });
        Assert.NotEqual(first, Indices(other, 0));
    }

    [Fact]
    public void WithoutShuffle_TheOrderIsTheDatasets_AndDropLastLeavesOutTheRest()
    {
        using var loader = new BatchLoader(Data(), Augmented with { Shuffle = false, DropLast = true });
        Assert.Equal(3, loader.BatchesPerEpoch);
        Assert.Equal(Enumerable.Range(0, 9), Indices(loader, 0));
    }

    [Fact]
    public void Batch_HasTensorsOfTheRightShapeAndType()
    {
        using var loader = new BatchLoader(Data(), new LoaderOptions { BatchSize = 2, Shuffle = false });
        IDetectionDataset data = Data();
        using Batch batch = loader.Epoch(0).First();
        Assert.Equal([96, 128, 3], batch.Images[0].shape);
        Assert.Equal(TorchSharp.torch.uint8, batch.Images[0].dtype);
        Assert.Equal(data.Decode(0).Pixels, batch.Images[0].data<byte>().ToArray());
        Assert.Equal([data[0].Objects.Count, 4], batch.Targets[0].Boxes.shape);
        Assert.Equal(TorchSharp.torch.float32, batch.Targets[0].Boxes.dtype);
        Assert.Equal(data[0].Objects.Select(o => (long)o.Label), batch.Targets[0].Labels.data<long>().ToArray());
        Assert.Equal(data[0].Objects.SelectMany(o => new[] { (float)o.Box.X1, (float)o.Box.Y1, (float)o.Box.X2, (float)o.Box.Y2 }), batch.Targets[0].Boxes.data<float>().ToArray());
        Assert.Equal(data[0].Id, batch.Targets[0].ImageId);
    }

    [Fact]
    public void Flip_MirrorsPixelsAndBoxes_AndTwiceIsTheIdentity()
    {
        var image = new RgbImage(1, 3, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        var sample = new Sample(0, 1, image, [new Box(0, 0, 1, 1), new Box(0.5, 0, 3, 1)], [1, 2]);
        Sample flipped = sample.FlipHorizontally();
        Assert.Equal([7, 8, 9, 4, 5, 6, 1, 2, 3], flipped.Image.Pixels);
        Assert.Equal([new Box(2, 0, 3, 1), new Box(0, 0, 2.5, 1)], flipped.Boxes);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9], image.Pixels);
        Assert.Equal(image.Pixels, flipped.FlipHorizontally().Image.Pixels);
        Assert.Equal(sample.Boxes, flipped.FlipHorizontally().Boxes);
    }

    [Fact]
    public void Flip_OfEveryWidth_ExchangesColumns()
    {
        for (int width = 1; width <= 40; width++)
        {
            var image = new RgbImage(3, width, [.. Enumerable.Range(0, 9 * width).Select(i => (byte)(i * 37))]);
            byte[] flipped = image.FlipHorizontally().Pixels;
            for (int i = 0; i < flipped.Length; i++)
            {
                (int y, int x, int channel) = (i / (3 * width), i / 3 % width, i % 3);
                Assert.Equal(image.Pixels[(((y * width) + width - 1 - x) * 3) + channel], flipped[i]);
            }
        }
    }

    [Fact]
    public void Flip_HappensWithItsProbability()
    {
        IDetectionDataset data = Data();
        Assert.Equal(data.Decode(4).Pixels, new SampleReader(data, new LoaderOptions { FlipProbability = 0 }).Read(0, 4).Image.Pixels);
        var always = new SampleReader(data, new LoaderOptions { FlipProbability = 1 });
        var half = new SampleReader(data, new LoaderOptions { FlipProbability = 0.5, CacheBytes = 1 << 24 });
        byte[] mirrored = always.Read(0, 4).Image.Pixels;
        int flips = Enumerable.Range(0, 100).Count(epoch => half.Read(epoch, 4).Image.Pixels.AsSpan().SequenceEqual(mirrored));
        Assert.InRange(flips, 30, 70);
    }

    [Fact]
    public void MaxSide_ShrinksTheImageAndItsBoxes_ButNeverEnlarges()
    {
        IDetectionDataset data = Data();
        Sample small = new SampleReader(data, new LoaderOptions { MaxSide = 64 }).Read(0, 0);
        Assert.Equal((48, 64), (small.Image.Height, small.Image.Width));
        Box full = data[0].Objects[0].Box;
        Assert.Equal(new Box(full.X1 / 2, full.Y1 / 2, full.X2 / 2, full.Y2 / 2), small.Boxes[0]);
        Assert.Equal(128, new SampleReader(data, new LoaderOptions { MaxSide = 500 }).Read(0, 0).Image.Width);
    }

    [Fact]
    public void CrowdsAndDifficultObjects_AreNoTargets()
    {
        var objects = new[] { new ObjectAnnotation(new Box(0, 0, 2, 2), 1), new ObjectAnnotation(new Box(0, 0, 3, 3), 1, Difficult: true), new ObjectAnnotation(new Box(0, 0, 4, 4), 1, Crowd: true) };
        var data = new ListDataset(_ => DataFolder.Pattern(8, 8), objects);
        Assert.Equal([2.0], new SampleReader(data, new LoaderOptions()).Read(0, 0).Boxes.Select(b => b.Width));
        Assert.Equal([2.0, 3.0], new SampleReader(data, new LoaderOptions { IncludeDifficult = true }).Read(0, 0).Boxes.Select(b => b.Width));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void ErrorOfAWorker_ReachesTheCaller_AfterTheBatchesBefore(int workers)
    {
        var data = new ListDataset(i => i == 5 ? throw new RcnnException("/x/y.jpg: truncated JPEG") : DataFolder.Pattern(8, 8));
        using var loader = new BatchLoader(data, new LoaderOptions { BatchSize = 2, Shuffle = false, Workers = workers });
        var seen = new List<int>();
        var e = Assert.Throws<RcnnException>(() =>
        {
            foreach (Batch batch in loader.Epoch(0))
            {
                using (batch)
                {
                    seen.AddRange(batch.Indices);
                }
            }
        });
        Assert.Equal("/x/y.jpg: truncated JPEG", e.Message);
        Assert.Equal([0, 1, 2, 3], seen);
    }

    [Fact]
    public void UnforeseenError_NamesTheImage()
    {
        var data = new ListDataset(i => i == 3 ? throw new InvalidDataException("odd") : DataFolder.Pattern(8, 8));
        using var loader = new BatchLoader(data, new LoaderOptions { BatchSize = 2, Shuffle = false });
        Assert.Equal("list, image 3: odd", Assert.Throws<RcnnException>(() => loader.Epoch(0).ToList()).Message);
    }

    [Fact]
    public void Cancellation_EndsTheEpoch_AndLeavingEarlyStopsTheWorkers()
    {
        int decoded = 0;
        var data = new ListDataset(_ =>
        {
            Interlocked.Increment(ref decoded);
            return DataFolder.Pattern(8, 8);
        });
        using var loader = new BatchLoader(data, new LoaderOptions { BatchSize = 1, Shuffle = false, Workers = 2, Prefetch = 2 });
        using var cancel = new CancellationTokenSource();
        int batches = 0;
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            foreach (Batch batch in loader.Epoch(0, 0, cancel.Token))
            {
                batch.Dispose();
                if (++batches == 3)
                {
                    cancel.Cancel();
                }
            }
        });
        Assert.Equal(3, batches);
        loader.Epoch(0).First().Dispose();
        int after = decoded;
        Assert.InRange(after, 4, 9);
        Assert.Equal(after, decoded);
        loader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => loader.Epoch(0));
    }

    [Theory]
    [InlineData("BatchSize")]
    [InlineData("FlipProbability")]
    [InlineData("Prefetch")]
    [InlineData("Workers")]
    public void OptionOutsideItsRange_IsAWrongCallThatNamesIt(string field)
    {
        LoaderOptions options = field switch
        {
            "BatchSize" => new() { BatchSize = 0 },
            "FlipProbability" => new() { FlipProbability = 1.5 },
            "Prefetch" => new() { Prefetch = 0 },
            _ => new() { Workers = -1 },
        };
        var e = Assert.Throws<RcnnException>(() => new BatchLoader(Data(), options));
        Assert.Equal(2, e.ExitCode);
        Assert.Contains(field, e.Message, StringComparison.Ordinal);
    }

    private static IDetectionDataset Data() => DatasetFactory.Open("synthetic:easy:train:11");

    private static int[] Indices(BatchLoader loader, int epoch) => [.. loader.Epoch(epoch).SelectMany(batch =>
    {
        using (batch)
        {
            return batch.Indices;
        }
    })];

    private static List<string> Describe(LoaderOptions options, int firstEpoch, int lastEpoch)
    {
        using var loader = new BatchLoader(Data(), options);
        return [.. Enumerable.Range(firstEpoch, lastEpoch - firstEpoch + 1).SelectMany(e => loader.Epoch(e)).Select(Describe)];
    }

    /// <summary>Everything in a batch, as text.</summary>
    private static string Describe(Batch batch)
    {
        using (batch)
        {
            return string.Join("; ", batch.Indices.Select((index, i) =>
                $"{index} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(batch.Images[i].data<byte>().ToArray()))[..12]} "
                + string.Join(",", batch.Targets[i].Boxes.data<float>().ToArray()) + " " + string.Join(",", batch.Targets[i].Labels.data<long>().ToArray())));
        }
    }

    /// <summary>Ten images made by a function, all with the same objects.</summary>
    private sealed class ListDataset(Func<int, RgbImage> decode, params ObjectAnnotation[] objects) : IDetectionDataset
    {
        public string Name => "list";

        public IReadOnlyList<string> ClassNames => ["thing"];

        public IReadOnlyList<int> CategoryIds => [1];

        public int Count => 10;

        public ImageRecord this[int index] => new(index + 1, "", 8, 8, objects, "list");

        public RgbImage Decode(int index) => decode(index);

        public string Fingerprint() => "";
    }
}
