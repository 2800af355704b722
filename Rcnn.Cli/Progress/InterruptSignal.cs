using System.Runtime.InteropServices;

namespace Rcnn.Cli.Progress;

/// <summary>Turns the first Ctrl-C, SIGTERM or hang-up into a cancellation, so that work can be saved; one that comes later ends the process
/// as usual. Repeats within a second are the same wish: wrappers such as timeout pass on what their whole group received.</summary>
internal sealed class InterruptSignal : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Lock _gate = new();
    private long _first = -1;

    public InterruptSignal() =>
        _registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(s => PosixSignalRegistration.Create(s, Handle))];

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        lock (_gate)
        {
            long now = Environment.TickCount64;
            _first = _first < 0 ? now : _first;
            context.Cancel = now - _first < 1000;
        }

        if (!_source.IsCancellationRequested)
        {
            _source.Cancel();
        }
    }
}
