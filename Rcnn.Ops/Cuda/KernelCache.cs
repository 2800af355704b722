using System.Security.Cryptography;
using System.Text;

namespace Rcnn.Ops.Cuda;

/// <summary>
/// Compiled kernels on disk, by the SHA-256 of all that went into them, in $XDG_CACHE_HOME/rcnn or ~/.cache/rcnn. A file is a digest of its contents and the contents;
/// one that does not agree is compiled again. Files appear whole, by renaming. A folder that cannot be written costs the cache, not the work.
/// </summary>
internal sealed class KernelCache(string folder)
{
    private const int DigestBytes = 32;

    public static KernelCache Default { get; } = new(DefaultFolder());

    public string Folder { get; } = folder;

    /// <summary>The stored result for <paramref name="inputs"/>, or that of <paramref name="compile"/>, which is stored.</summary>
    /// <param name="extension">As in ".cubin".</param>
    public byte[] Get(IReadOnlyList<string> inputs, string extension, Func<byte[]> compile)
    {
        string file = PathOf(inputs, extension);
        if (Read(file) is { } stored)
        {
            return stored;
        }

        byte[] fresh = compile();
        Write(file, [.. SHA256.HashData(fresh), .. fresh]);
        return fresh;
    }

    /// <summary>Where the result for <paramref name="inputs"/> lies.</summary>
    public string PathOf(IReadOnlyList<string> inputs, string extension)
    {
        // Lengths keep ["ab", "c"] and ["a", "bc"] apart.
        byte[] all = Encoding.UTF8.GetBytes(string.Concat(inputs.Select(i => $"{i.Length}:{i}")));
        return Path.Combine(Folder, Convert.ToHexStringLower(SHA256.HashData(all)) + extension);
    }

    /// <summary>Writes to a name of its own in the same folder and renames; quiet where that fails.</summary>
    public static void Write(string file, byte[] contents)
    {
        string own = $"{file}.{Environment.ProcessId}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(own, contents);
            File.Move(own, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            try
            {
                File.Delete(own);
            }
            catch (Exception again) when (again is IOException or UnauthorizedAccessException)
            {
            }
        }
    }

    private static byte[]? Read(string file)
    {
        try
        {
            byte[] all = File.ReadAllBytes(file);
            return all.Length > DigestBytes && SHA256.HashData(all.AsSpan(DigestBytes)).AsSpan().SequenceEqual(all.AsSpan(0, DigestBytes)) ? all[DigestBytes..] : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string DefaultFolder()
    {
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        cache = string.IsNullOrEmpty(cache) ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache") : cache;
        return Path.Combine(cache, "rcnn");
    }
}
