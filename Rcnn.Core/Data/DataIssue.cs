namespace Rcnn.Core.Data;

/// <summary>Something wrong in a dataset's files.</summary>
/// <param name="IsError">An error makes the image unusable; a warning was dealt with as the message says.</param>
/// <param name="Where">File, with line or annotation id where there is one.</param>
/// <param name="Message">What is wrong, with the value.</param>
public sealed record DataIssue(bool IsError, string Where, string Message)
{
    public static DataIssue Error(string where, string message) => new(true, where, message);

    public static DataIssue Warning(string where, string message) => new(false, where, message);

    public override string ToString() => $"{Where}: {Message}";
}
