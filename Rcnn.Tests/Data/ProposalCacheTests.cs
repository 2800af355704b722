using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Tests.Training;

namespace Rcnn.Tests.Data;

public sealed class ProposalCacheTests
{
    [Fact]
    public void WhatWasAdded_IsFoundByItsPixels_AlsoAfterReopening()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("a/proposals.cache");
        using (ProposalCache cache = ProposalCache.Open(file, "m"))
        {
            cache.Add(Image(1), [new Box(1, 2, 3, 4), new Box(0.5, 0, 7, 8)]);
            cache.Add(Image(2), []);
            cache.Add(Image(1), [new Box(9, 9, 10, 10)]);
        }

        using ProposalCache again = ProposalCache.Open(file, null);
        Assert.Equal(("m", 2), (again.Method, again.Count));
        Assert.Equal([new Box(1, 2, 3, 4), new Box(0.5, 0, 7, 8)], again.Find(Image(1))!);
        Assert.Empty(again.Find(Image(2))!);
        Assert.Null(again.Find(Image(3)));
    }

    [Fact]
    public void EveryCutOfTheLastRecord_LosesThatRecordOnly_AndGoesOn()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("p");
        long before;
        using (ProposalCache cache = ProposalCache.Open(file, "m"))
        {
            cache.Add(Image(1), [new Box(1, 2, 3, 4)]);
            before = new FileInfo(file).Length;
            cache.Add(Image(2), [new Box(5, 6, 7, 8)]);
        }

        byte[] whole = File.ReadAllBytes(file);
        for (long length = before; length < whole.Length; length++)
        {
            File.WriteAllBytes(file, whole[..(int)length]);
            using ProposalCache cut = ProposalCache.Open(file, "m");
            Assert.Equal(1, cut.Count);
            cut.Add(Image(2), [new Box(5, 6, 7, 8)]);
        }

        Assert.Equal(whole, File.ReadAllBytes(file));
    }

    [Fact]
    public void ADamagedRecord_IsNamed()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("p");
        using (ProposalCache cache = ProposalCache.Open(file, "m"))
        {
            cache.Add(Image(1), [new Box(1, 2, 3, 4)]);
            cache.Add(Image(2), [new Box(1, 2, 3, 4)]);
        }

        byte[] bytes = File.ReadAllBytes(file);
        bytes[17 + 40] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.Contains("damaged at byte 17", Assert.Throws<RcnnException>(() => ProposalCache.Open(file, "m")).Message);
    }

    [Fact]
    public void OtherFilesAndMethods_AreRefused()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("p");
        ProposalCache.Open(file, "fast").Dispose();
        Assert.Contains("holds proposals of fast, wanted are those of quality", Assert.Throws<RcnnException>(() => ProposalCache.Open(file, "quality")).Message);
        File.WriteAllText(folder.File("text"), "not proposals at all");
        Assert.Contains("no proposal file", Assert.Throws<RcnnException>(() => ProposalCache.Open(folder.File("text"), "m")).Message);
        Assert.Contains("no such proposal file", Assert.Throws<RcnnException>(() => ProposalCache.Open(folder.File("missing"), null)).Message);
    }

    [Fact]
    public void TwoOpeners_SeeWhatTheOtherAdds_AndKeepAnImageOnce()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("p");
        using ProposalCache first = ProposalCache.Open(file, "m"), second = ProposalCache.Open(file, "m");
        first.Add(Image(1), [new Box(0, 0, 1, 1)]);
        Assert.Equal([new Box(0, 0, 1, 1)], second.Find(Image(1))!);
        second.Add(Image(1), [new Box(0, 0, 9, 9)]);
        second.Add(Image(2), []);
        Assert.Equal([], first.Find(Image(2))!);
        Assert.Null(first.Find(Image(3)));
        using ProposalCache third = ProposalCache.Open(file, "m");
        Assert.Equal(2, third.Count);
        Assert.Equal([new Box(0, 0, 1, 1)], third.Find(Image(1))!);
    }

    [Fact]
    public void ParallelOpeners_LoseNothing()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("p");
        Parallel.For(0, 4, opener =>
        {
            using ProposalCache cache = ProposalCache.Open(file, "m");
            for (int i = 0; i < 40; i++)
            {
                if (cache.Find(Image((byte)i)) is null)
                {
                    cache.Add(Image((byte)i), [new Box(i, 0, i + 1, 1)]);
                }
            }
        });
        using ProposalCache all = ProposalCache.Open(file, "m");
        Assert.Equal(40, all.Count);
        Assert.All(Enumerable.Range(0, 40), i => Assert.Equal([new Box(i, 0, i + 1, 1)], all.Find(Image((byte)i))!));
    }

    [Fact]
    public void Source_ComputesOnce_ThenReads()
    {
        using var folder = new TemporaryFolder();
        var method = new Counting();
        using (var source = new ProposalSource(method, ProposalCache.Open(folder.File("p"), "counting"), 1))
        {
            Assert.Equal([new Box(0, 0, 1, 1)], source.Of(Image(1), new("one", null, 1, 1)));
            Assert.Equal([new Box(0, 0, 1, 1)], source.Of(Image(1), new("one", null, 1, 1)));
        }

        Assert.Equal(1, method.Calls);
        using var stored = new ProposalSource(null, ProposalCache.Open(folder.File("p"), null), 10);
        Assert.Equal(2, stored.Of(Image(1), new("one", null, 5, 4)).Length);
        Assert.Contains("no proposals of two", Assert.Throws<RcnnException>(() => stored.Of(Image(2), new("two", null, 5, 4))).Message);
    }

    private static RgbImage Image(byte seed) => new(4, 5, [.. Enumerable.Range(0, 60).Select(i => (byte)(i * seed))]);

    private sealed class Counting : IProposalMethod
    {
        public int Calls { get; private set; }

        public string Name => "counting";

        public Box[] Propose(RgbImage image)
        {
            Calls++;
            return [new Box(0, 0, 1, 1), new Box(1, 1, 2, 2)];
        }
    }
}
