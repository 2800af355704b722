using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.ExceptionServices;

namespace TorchSharp.Interop;

/// <summary>
/// Exceptions of managed autograd functions on their way through libtorch. Native code carries an identifier in its error message;
/// the exception itself, with type and stack, waits here for the managed caller.
/// </summary>
internal static class ManagedExceptions
{
    private const string Marker = "[managed exception ";
    private static readonly ConcurrentDictionary<long, ExceptionDispatchInfo> Pending = new();
    private static long _last;

    internal static long Keep(Exception exception)
    {
        long id = Interlocked.Increment(ref _last);
        Pending[id] = ExceptionDispatchInfo.Capture(exception);
        return id;
    }

    /// <summary>Throws the exception that <paramref name="message"/> refers to; returns when it refers to none.</summary>
    internal static void Rethrow(string message)
    {
        int start = message.IndexOf(Marker, StringComparison.Ordinal);
        if (start < 0)
        {
            return;
        }

        start += Marker.Length;
        int end = message.IndexOf(']', start);
        if (end > start && long.TryParse(message.AsSpan(start, end - start), CultureInfo.InvariantCulture, out long id) && Pending.TryRemove(id, out ExceptionDispatchInfo? info))
        {
            info.Throw();
        }
    }
}
