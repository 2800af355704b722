using System.Diagnostics;
using System.Globalization;
using Rcnn.Core;
using Rcnn.Ops;

namespace Rcnn.Cli.Benchmarks;

/// <summary>
/// Another implementation in its own process, asked for one run after each of ours, so that both see the same machine. It reads a benchmark's name a line, behind it a blank and a
/// number where it is to run more than once, and answers with the milliseconds of one run, or <c>-</c> where it has no such operator. It finds the number of threads in RCNN_BENCH_THREADS, and in
/// RCNN_BENCH_FOLDER a folder for what both sides share: inputs that benchmarks write there, results that it leaves there for a comparison.
/// </summary>
internal sealed class BenchmarkPeer : IDisposable
{
    private readonly Process _process;
    private readonly string _command;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rcnn-bench-");

    /// <param name="command">Program and arguments, as for a shell.</param>
    /// <param name="device">Told to the peer in RCNN_BENCH_DEVICE.</param>
    /// <exception cref="RcnnException">There is no shell.</exception>
    public BenchmarkPeer(string command, string device = "cpu")
    {
        _command = command;
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec " + command]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["RCNN_BENCH_THREADS"] = Engine.Threads.ToString(CultureInfo.InvariantCulture);
        start.Environment["RCNN_BENCH_DEVICE"] = device;
        start.Environment["RCNN_BENCH_FOLDER"] = Folder;
        _process = Process.Start(start) ?? throw new RcnnException($"--peer: cannot start '{command}'", 1);
    }

    /// <summary>For what both sides share; gone with this object.</summary>
    public string Folder => _folder.FullName;

    /// <summary>The mean of runs in a row; null where the peer has no such operator.</summary>
    /// <exception cref="RcnnException">The peer ended, or answered something else.</exception>
    public double? Once(string name, int runs = 1)
    {
        string? answer = null;
        try
        {
            _process.StandardInput.WriteLine(runs == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name} {runs}"));
            _process.StandardInput.Flush();
            answer = _process.StandardOutput.ReadLine();
        }
        catch (IOException)
        {
            // A pipe without a reader: the peer has ended, as below.
        }

        return answer == "-" ? null
            : double.TryParse(answer, NumberStyles.Float, CultureInfo.InvariantCulture, out double ms) && ms >= 0 ? ms
            : throw new RcnnException(answer is null ? $"--peer '{_command}' ended at {name}" : $"--peer '{_command}' at {name}: milliseconds or '-' expected, got '{answer}'", 1);
    }

    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already.
        }

        if (!_process.WaitForExit(2000))
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
        _folder.Delete(recursive: true);
    }
}
