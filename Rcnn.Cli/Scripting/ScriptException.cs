namespace Rcnn.Cli.Scripting;

/// <summary>A script cannot be compiled; the message holds one line for each error, <c>file(line,col): error CSxxxx: …</c>.</summary>
internal sealed class ScriptException(string message) : Exception(message);
