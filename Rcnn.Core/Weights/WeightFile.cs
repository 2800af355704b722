using static TorchSharp.torch;

namespace Rcnn.Core.Weights;

/// <summary>
/// Trained weights by name: <c>.pth</c> of torch.save (zip container and the legacy one before torch 1.6) and <c>.safetensors</c>, told apart by content.
/// Tensors are on the CPU, in the dtype of the file, contiguous and independent of each other.
/// </summary>
public static partial class WeightFile
{
    private const int MaxVisits = 1_000_000;

    private static readonly string[] KnownSections = ["model", "state_dict", "model_state_dict", "model_state", "net", "network", "weights", "params"];

    /// <summary>Reads all tensors.</summary>
    /// <param name="path">The file.</param>
    /// <param name="section">
    /// Where the weights lie in a checkpoint, with dots for deeper ones. Null takes the file's own tensors, else the section <c>model</c>,
    /// <c>state_dict</c> or the like, else the only one with tensors.
    /// </param>
    /// <returns>Name → tensor, in the order of the file. If every name begins with <c>module.</c> (DataParallel), that is left out. The caller disposes.</returns>
    /// <exception cref="RcnnException">
    /// Unreadable, truncated or damaged, no such section, several candidates, or a pickle that asks for anything but tensors and containers. Nothing of a
    /// pickle is ever executed.
    /// </exception>
    public static IReadOnlyDictionary<string, Tensor> Read(string path, string? section = null)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            Span<byte> head = stackalloc byte[9];
            int length = stream.ReadAtLeast(head, 9, throwOnEndOfStream: false);
            stream.Position = 0;
            if (length >= 4 && head[..4].SequenceEqual("PK\x03\x04"u8))
            {
                (object? root, ITorchStorages storages) = TorchFile.OpenZip(stream, path);
                using (storages)
                {
                    return Load(root, storages, path, section);
                }
            }

            // A safetensors header of 640 bytes begins like a pickle too; its JSON begins after eight bytes.
            if (length > 0 && head[0] == 0x80 && (length < 2 || head[1] is >= 2 and <= 5) && !(length == 9 && head[8] == '{'))
            {
                (object? root, ITorchStorages storages) = TorchFile.OpenLegacy(stream, path);
                using (storages)
                {
                    return Load(root, storages, path, section);
                }
            }

            return section is null ? SafeTensors.Read(stream, path) : throw RcnnException.Usage($"{path}: a safetensors file has no sections, got '{section}'");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RcnnException(e is FileNotFoundException or DirectoryNotFoundException ? $"{path}: no such file" : $"{path}: {e.Message}", 1, e);
        }
    }

    private static Dictionary<string, Tensor> Load(object? root, ITorchStorages storages, string path, string? section)
    {
        if (root is not PickleDict dict)
        {
            throw new RcnnException($"{path}: a dict of tensors expected, such as model.state_dict()");
        }

        dict = section is null ? FindWeights(dict, path) : Section(dict, section, path);
        List<(string Name, PickleTensor Tensor)> entries = [.. Tensors(dict)];
        if (entries.Count == 0)
        {
            throw new RcnnException($"{path}: no tensors" + (section is null ? "" : $" in '{section}'"));
        }

        if (entries.TrueForAll(e => e.Name.StartsWith("module.", StringComparison.Ordinal)))
        {
            entries = entries.ConvertAll(e => (e.Name["module.".Length..], e.Tensor));
        }

        var result = new Dictionary<string, Tensor>(entries.Count, StringComparer.Ordinal);
        var shared = new Dictionary<PickleStorage, byte[]>();
        try
        {
            foreach ((string name, PickleTensor tensor) in entries)
            {
                result.Add(name, TensorOf(tensor, storages, shared));
            }

            return result;
        }
        catch
        {
            foreach (Tensor tensor in result.Values)
            {
                tensor.Dispose();
            }

            throw;
        }
    }

    private static IEnumerable<(string Name, PickleTensor Tensor)> Tensors(PickleDict dict) =>
        dict.Items.Where(i => i is { Key: string, Value: PickleTensor }).Select(i => ((string)i.Key, (PickleTensor)i.Value!));

    private static PickleDict Section(PickleDict dict, string section, string path)
    {
        foreach (string part in section.Split('.'))
        {
            dict = dict.Items.Find(i => i.Key as string == part).Value as PickleDict
                ?? throw new RcnnException($"{path}: no section '{section}'; there are: {string.Join(", ", dict.Items.Where(i => i.Value is PickleDict).Select(i => i.Key))}");
        }

        return dict;
    }

    /// <summary>The dict whose values are the weights: this one, a known section, or the only one with tensors directly inside.</summary>
    private static PickleDict FindWeights(PickleDict root, string path)
    {
        if (Tensors(root).Any())
        {
            return root;
        }

        foreach (string known in KnownSections)
        {
            if (root.Items.Find(i => i.Key as string == known).Value is PickleDict section)
            {
                return FindWeights(section, path, 1);
            }
        }

        return FindWeights(root, path, 0);
    }

    private static PickleDict FindWeights(PickleDict root, string path, int depth)
    {
        var candidates = new List<(string Name, PickleDict Dict)>();
        var queue = new Queue<(string Name, PickleDict Dict, int Depth)>([("", root, depth)]);
        var seen = new HashSet<PickleDict>(ReferenceEqualityComparer.Instance);
        int visits = 0;
        while (queue.TryDequeue(out (string Name, PickleDict Dict, int Depth) next))
        {
            if (!seen.Add(next.Dict) || next.Depth > 4)
            {
                continue;
            }

            if (Tensors(next.Dict).Any())
            {
                candidates.Add((next.Name, next.Dict));
                continue;
            }

            foreach ((object key, object? value) in next.Dict.Items)
            {
                if (++visits > MaxVisits)
                {
                    throw new RcnnException($"{path}: more than {MaxVisits} entries without finding weights");
                }

                // An optimizer's tensors are under numbers.
                if (value is PickleDict inner && key is string name && name is not ("optimizer" or "optimizers" or "optim" or "optimizer_state_dict"))
                {
                    queue.Enqueue((next.Name.Length == 0 ? name : $"{next.Name}.{name}", inner, next.Depth + 1));
                }
            }
        }

        return candidates.Count switch
        {
            1 => candidates[0].Dict,
            0 => root,
            _ => throw new RcnnException($"{path}: weights in several sections, choose one: {string.Join(", ", candidates.Select(c => c.Name))}"),
        };
    }

    /// <summary>A contiguous tensor of a view of a storage.</summary>
    private static Tensor TensorOf(PickleTensor view, ITorchStorages storages, Dictionary<PickleStorage, byte[]> shared)
    {
        int size = PickleBuilders.Size(view.Storage.Type);
        bool whole = view.IsContiguous;
        long first = (view.Storage.Offset + (whole ? view.Offset : 0)) * size, needed = (whole ? view.Count : view.Storage.Count) * size;
        if (view.Count == 0)
        {
            return SafeTensors.Create([], view.Storage.Type, view.Shape);
        }

        storages.Require(view.Storage, first, needed);
        if (needed > Array.MaxLength)
        {
            throw new RcnnException($"a tensor [{string.Join(",", view.Shape)}] in {needed} bytes: at most 2 GB are supported");
        }

        var values = new byte[view.Count * size];
        if (whole)
        {
            storages.Read(view.Storage, first, values);
            return SafeTensors.Create(values, view.Storage.Type, view.Shape);
        }

        if (!shared.TryGetValue(view.Storage, out byte[]? storage))
        {
            storage = new byte[needed];
            storages.Read(view.Storage, first, storage);
            shared.Add(view.Storage, storage);
        }

        var index = new long[view.Shape.Length];
        long from = view.Offset;
        for (long i = 0; i < view.Count; i++)
        {
            storage.AsSpan(checked((int)(from * size)), size).CopyTo(values.AsSpan((int)(i * size)));
            for (int d = index.Length - 1; d >= 0; d--)
            {
                from += view.Strides[d];
                if (++index[d] < view.Shape[d])
                {
                    break;
                }

                from -= view.Strides[d] * view.Shape[d];
                index[d] = 0;
            }
        }

        return SafeTensors.Create(values, view.Storage.Type, view.Shape);
    }
}
