using static TorchSharp.torch;

namespace Rcnn.Core.Weights;

public static partial class WeightFile
{
    /// <summary>
    /// Writes tensors by name, by the file's ending: <c>.safetensors</c>, or <c>.pth</c> and <c>.pt</c> for <c>torch.load</c>. The file appears under its name
    /// only when it is complete and on disk.
    /// </summary>
    /// <exception cref="RcnnException">Another ending, a dtype that the format does not have, or the file cannot be written.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        switch (Path.GetExtension(path).ToLowerInvariant())
        {
            case ".safetensors":
                SafeTensors.Write(path, tensors);
                break;
            case ".pth" or ".pt":
                TorchFileWriter.Write(path, tensors);
                break;
            default:
                throw RcnnException.Usage($"{path}: a name that ends with .safetensors, .pth or .pt expected");
        }
    }
}
