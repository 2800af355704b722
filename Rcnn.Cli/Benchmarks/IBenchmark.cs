namespace Rcnn.Cli.Benchmarks;

/// <summary>One timed piece of work; add it to <see cref="BenchmarkList"/>. A new object serves one run of the command.</summary>
internal interface IBenchmark : IDisposable
{
    /// <summary>As in <c>bench --only</c>; sizes belong to the name.</summary>
    string Name { get; }

    /// <summary>Made ready once, untimed. Data comes from a fixed seed.</summary>
    /// <exception cref="Rcnn.Core.RcnnException">It cannot run here; the message becomes the note of a skipped entry.</exception>
    void Setup();

    /// <summary>Made ready, untimed, as many times as <see cref="Run"/> is then called; usually nothing.</summary>
    void Prepare()
    {
    }

    /// <summary>The timed work. What it makes dies with the dispose scope around it.</summary>
    void Run();

    /// <summary>Said beside the figures: size, unit of another figure, what is counted.</summary>
    string Note { get; }

    /// <summary>Writes what another implementation needs to do the same work into <paramref name="folder"/>, after <see cref="Setup"/>; usually nothing.</summary>
    void Export(string folder)
    {
    }

    /// <summary>How far what the other implementation left in <paramref name="folder"/> is from our result; null where that is not checked.</summary>
    string? Compare(string folder) => null;

    /// <summary>Bytes that any implementation must move, inputs read once and outputs written once; 0 where that is not told.</summary>
    long Bytes => 0;
}
