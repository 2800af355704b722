namespace OpenCvSharp;

/// <summary>An error reported by OpenCV. <see cref="Exception.Message"/> is OpenCV's own text, on one line.</summary>
public sealed class OpenCVException(string funcName, string errMsg, int line)
    : Exception(funcName.Length == 0 ? errMsg : $"{errMsg} (in {funcName})")
{
    public string FuncName { get; } = funcName;

    public string ErrMsg { get; } = errMsg;

    /// <summary>Line in OpenCV's source; 0 when unknown.</summary>
    public int Line { get; } = line;
}
