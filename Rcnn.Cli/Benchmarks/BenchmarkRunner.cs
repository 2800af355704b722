using System.Diagnostics;
using Rcnn.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Cli.Benchmarks;

/// <summary>Times of one benchmark, or why it did not run. <see cref="PeerMilliseconds"/> is empty without a peer.</summary>
internal sealed record BenchmarkResult(string Name, int Threads, IReadOnlyList<double> Milliseconds, IReadOnlyList<double> PeerMilliseconds, string Note)
{
    /// <summary>As <see cref="IBenchmark.Bytes"/>.</summary>
    public long Bytes { get; init; }

    /// <summary>Those over the median time, in 10⁹ bytes a second.</summary>
    public double Bandwidth => Bytes / (1e6 * Median);

    public double Median => MedianOf(Milliseconds);

    public double PeerMedian => MedianOf(PeerMilliseconds);

    /// <summary>How many times as long the peer takes.</summary>
    public double Ratio => PeerMedian / Median;

    public double Min => Milliseconds.Count == 0 ? double.NaN : Milliseconds.Min();

    private static double MedianOf(IReadOnlyList<double> times)
    {
        double[] ordered = [.. times.Order()];
        return ordered.Length == 0 ? double.NaN : (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
    }
}

/// <summary>Runs benchmarks in turn, round after round, so that a machine that slows down slows all of them.</summary>
internal static class BenchmarkRunner
{
    private const int MostRounds = 50;

    /// <param name="benchmarks">Each is set up, run and disposed here.</param>
    /// <param name="seconds">Time for each benchmark beyond its first, untimed, run. At least three runs are timed.</param>
    /// <param name="threads">Recorded with the result.</param>
    /// <param name="peer">Runs the same after each of our runs; its first run is not counted either.</param>
    /// <param name="runs">As many in a row count as one, with their mean: on a GPU that another process just used, and that idles between turns, one run is no measure.</param>
    public static IReadOnlyList<BenchmarkResult> Run(IReadOnlyList<IBenchmark> benchmarks, double seconds, int threads, BenchmarkPeer? peer = null, int runs = 1)
    {
        var times = benchmarks.ToDictionary(b => b, _ => new List<double>());
        var peerTimes = benchmarks.ToDictionary(b => b, _ => new List<double>());
        var known = new HashSet<IBenchmark>();
        var skipped = new Dictionary<IBenchmark, string>();
        var active = new List<IBenchmark>();
        foreach (IBenchmark b in benchmarks)
        {
            try
            {
                b.Setup();
                if (peer is not null)
                {
                    b.Export(peer.Folder);
                }

                Once(b, runs);
                active.Add(b);
                if (peer?.Once(b.Name, runs) is not null)
                {
                    known.Add(b);
                }
            }
            catch (RcnnException e)
            {
                skipped[b] = "skipped: " + e.Message;
            }
        }

        for (int round = 0; active.Count > 0 && round < MostRounds; round++)
        {
            active.RemoveAll(b => times[b].Count >= 3 && times[b].Sum() * runs > 1000 * seconds);
            foreach (IBenchmark b in active)
            {
                times[b].Add(Once(b, runs));
                if (known.Contains(b))
                {
                    peerTimes[b].Add(peer!.Once(b.Name, runs)!.Value);
                }
            }
        }

        BenchmarkResult[] results = [.. benchmarks.Select(b => new BenchmarkResult(b.Name, threads, times[b], peerTimes[b], skipped.GetValueOrDefault(b) ?? Note(b, known.Contains(b) ? peer : null)) { Bytes = b.Bytes })];
        foreach (IBenchmark b in benchmarks)
        {
            b.Dispose();
        }

        return results;
    }

    private static string Note(IBenchmark b, BenchmarkPeer? peer) => peer is not null && b.Compare(peer.Folder) is { } comparison ? $"{b.Note}; {comparison}" : b.Note;

    // Work on a GPU goes on behind the call that started it.
    private static void Finish()
    {
        if (cuda.is_available())
        {
            cuda.synchronize();
        }
    }

    private static double Once(IBenchmark b, int runs)
    {
        using var scope = NewDisposeScope();
        for (int i = 0; i < runs; i++)
        {
            b.Prepare();
        }

        Finish();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < runs; i++)
        {
            using DisposeScope run = NewDisposeScope();
            b.Run();
        }

        Finish();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / runs;
    }
}
