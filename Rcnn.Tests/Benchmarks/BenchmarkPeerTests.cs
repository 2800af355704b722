using Rcnn.Cli.Benchmarks;
using Rcnn.Core;

namespace Rcnn.Tests.Benchmarks;

public sealed class BenchmarkPeerTests
{
    private const string Counting = "sh -c 'n=0; while read name; do if [ $name = known ]; then n=$((n+1)); echo $n.5; else echo -; fi; done'";

    [Fact]
    public void Peer_RunsAfterEachOfOurRuns_AndItsFirstIsNotCounted()
    {
        using var peer = new BenchmarkPeer(Counting);
        IReadOnlyList<BenchmarkResult> results = BenchmarkRunner.Run([new Nothing("known"), new Nothing("other")], 0, 1, peer);
        Assert.Equal(results[0].Milliseconds.Count, results[0].PeerMilliseconds.Count);
        Assert.Equal([2.5, 3.5, 4.5], results[0].PeerMilliseconds.Take(3));
        Assert.Empty(results[1].PeerMilliseconds);
        Assert.True(results[1].Milliseconds.Count >= 3);
    }

    [Fact]
    public void RunsInARow_CountAsOne_AndThePeerIsToldHowMany()
    {
        using var peer = new BenchmarkPeer("sh -c 'while read name runs; do echo $runs; done'");
        var benchmark = new Nothing("known");
        BenchmarkResult result = Assert.Single(BenchmarkRunner.Run([benchmark], 0, 1, peer, runs: 7));
        Assert.All(result.PeerMilliseconds, ms => Assert.Equal(7, ms));
        Assert.Equal(7 * (result.Milliseconds.Count + 1), benchmark.Runs);
        Assert.Equal(benchmark.Runs, benchmark.Preparations);
    }

    [Theory]
    [InlineData("sh -c 'read name; echo twelve'", "milliseconds or '-' expected, got 'twelve'")]
    [InlineData("true", "ended at known")]
    public void Peer_ThatAnswersSomethingElse_IsNamed(string command, string message)
    {
        using var peer = new BenchmarkPeer(command);
        Assert.Contains(message, Assert.Throws<RcnnException>(() => peer.Once("known")).Message);
    }

    private sealed class Nothing(string name) : IBenchmark
    {
        public string Name => name;

        public string Note => "";

        public int Preparations { get; private set; }

        public int Runs { get; private set; }

        public void Setup()
        {
        }

        public void Prepare() => Preparations++;

        public void Run() => Runs++;

        public void Dispose()
        {
        }
    }
}
