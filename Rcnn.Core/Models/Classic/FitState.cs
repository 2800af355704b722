using System.Security.Cryptography;
using Rcnn.Core.Runs;

namespace Rcnn.Core.Models.Classic;

/// <summary>
/// How far machines and box regressions have come, in a file that is whole or absent: <c>RCNNFIT1</c>, key (32 bytes), the state of the mining and the finished regressions, all numbers to the bit and
/// little-endian, then the SHA-256 of what is before it. A file of another key, or a damaged one, counts for nothing.
/// </summary>
internal sealed class FitState
{
    public const string FileName = "machines.partial";
    private const int HashBytes = 32;
    private readonly string _path;
    private readonly byte[] _key;

    private FitState(string path, byte[] key) => (_path, _key) = (path, key);

    private static ReadOnlySpan<byte> Mark => "RCNNFIT1"u8;

    /// <summary>What <see cref="NegativeMining.State"/> was; null before the first time.</summary>
    public byte[]? Mining { get; set; }

    /// <summary>The regressions of the first classes.</summary>
    public List<BoxRidge> Boxes { get; } = [];

    /// <param name="key">SHA-256 of all that machines and regressions depend on.</param>
    /// <param name="message">Told why a file that is there counts for nothing; may be null.</param>
    public static FitState Open(string path, byte[] key, Action<string>? message)
    {
        var state = new FitState(path, key);
        if (!File.Exists(path))
        {
            return state;
        }

        byte[] bytes = File.ReadAllBytes(path);
        int start = Mark.Length + HashBytes;
        if (bytes.Length < start + HashBytes || !bytes.AsSpan().StartsWith(Mark) || !SHA256.HashData(bytes.AsSpan(..^HashBytes)).AsSpan().SequenceEqual(bytes.AsSpan(^HashBytes..)))
        {
            message?.Invoke($"{path}: damaged; machines and box regressions begin anew");
        }
        else if (!bytes.AsSpan(Mark.Length, HashBytes).SequenceEqual(key))
        {
            message?.Invoke($"{path}: of other weights, regions or settings; machines and box regressions begin anew");
        }
        else
        {
            using var reader = new BinaryReader(new MemoryStream(bytes, start, bytes.Length - start - HashBytes));
            state.Read(reader);
        }

        return state;
    }

    /// <exception cref="RcnnException">The disk is full.</exception>
    public void Write()
    {
        using var memory = new MemoryStream();
        using var writer = new BinaryWriter(memory);
        writer.Write(Mark);
        writer.Write(_key);
        writer.Write(Mining is not null);
        if (Mining is not null)
        {
            writer.Write(Mining.Length);
            writer.Write(Mining);
        }

        writer.Write(Boxes.Count);
        foreach (BoxRidge box in Boxes)
        {
            Write(writer, box.Weights);
            Write(writer, box.Unwhiten);
            writer.Write(box.Mean.Length);
            Array.ForEach(box.Mean, writer.Write);
        }

        writer.Flush();
        writer.Write(SHA256.HashData(memory.GetBuffer().AsSpan(0, (int)memory.Length)));
        DurableFile.Write(_path, file => File.WriteAllBytes(file, memory.ToArray()));
    }

    private void Read(BinaryReader reader)
    {
        Mining = reader.ReadBoolean() ? reader.ReadBytes(reader.ReadInt32()) : null;
        int count = reader.ReadInt32();
        for (int i = 0; i < count; i++)
        {
            double[,] weights = Table(reader), unwhiten = Table(reader);
            Boxes.Add(new BoxRidge(weights, unwhiten, [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => reader.ReadDouble())]));
        }
    }

    private static void Write(BinaryWriter writer, double[,] table)
    {
        writer.Write(table.GetLength(0));
        writer.Write(table.GetLength(1));
        foreach (double value in table)
        {
            writer.Write(value);
        }
    }

    private static double[,] Table(BinaryReader reader)
    {
        var table = new double[reader.ReadInt32(), reader.ReadInt32()];
        for (int i = 0; i < table.GetLength(0); i++)
        {
            for (int j = 0; j < table.GetLength(1); j++)
            {
                table[i, j] = reader.ReadDouble();
            }
        }

        return table;
    }
}
