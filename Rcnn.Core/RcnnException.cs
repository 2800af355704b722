namespace Rcnn.Core;

/// <summary>
/// Something the user can act on. <see cref="Exception.Message"/> is one line that names the file, the field and the value;
/// the CLI prints it without a stack trace and ends with <see cref="ExitCode"/>.
/// </summary>
public sealed class RcnnException(string message, int exitCode = 1, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>1: the work failed. 2: the call was wrong.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>The call was wrong: exit code 2.</summary>
    public static RcnnException Usage(string message) => new(message, 2);
}
