using System.Runtime.InteropServices;

namespace Rcnn.Core.Runs;

/// <summary>
/// Files that are whole or absent: written under a temporary name, flushed to the disk, then renamed. A kill or a power cut at any moment leaves
/// either the old file or the new one.
/// </summary>
public static partial class DurableFile
{
    /// <summary>Marks names that are not finished.</summary>
    public const string TemporaryMark = ".tmp-";

    public static void WriteText(string path, string text) => Write(path, temporary => File.WriteAllText(temporary, text));

    /// <summary>Calls <paramref name="write"/> with a temporary path beside <paramref name="path"/>, then puts that file in its place.</summary>
    /// <exception cref="RcnnException">The disk is full or the folder not writable; nothing is left behind.</exception>
    public static void Write(string path, Action<string> write)
    {
        string temporary = path + TemporaryMark + Environment.ProcessId;
        try
        {
            write(temporary);
            Sync(temporary);
            File.Move(temporary, path, overwrite: true);
            Sync(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Discard(() => File.Delete(temporary));
            throw new RcnnException($"{path}: not written: {Reason(e)}", inner: e);
        }
    }

    /// <summary>Fills a temporary folder through <paramref name="fill"/>, flushes every file in it, then renames it to <paramref name="path"/>.</summary>
    /// <exception cref="RcnnException">The disk is full or the place not writable; nothing is left behind.</exception>
    public static void WriteFolder(string path, Action<string> fill)
    {
        string temporary = path + TemporaryMark + Environment.ProcessId;
        try
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }

            Directory.CreateDirectory(temporary);
            fill(temporary);
            foreach (string file in Directory.GetFiles(temporary))
            {
                Sync(file);
            }

            Sync(temporary);
            Directory.Move(temporary, path);
            Sync(Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception e)
        {
            Discard(() => Directory.Delete(temporary, recursive: true));
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new RcnnException($"{path}: not written: {Reason(e)}", inner: e);
            }

            throw;
        }
    }

    /// <summary>Deletes what an interrupted write left in <paramref name="folder"/>.</summary>
    public static void CleanUp(string folder)
    {
        foreach (string path in Directory.GetFileSystemEntries(folder, "*" + TemporaryMark + "*"))
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
            else
            {
                File.Delete(path);
            }
        }
    }

    /// <summary>Flushes a file or folder to the disk.</summary>
    public static void Sync(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        int descriptor = Open(path, 0);
        if (descriptor < 0)
        {
            throw new IOException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        int result = Fsync(descriptor);
        string message = Marshal.GetLastPInvokeErrorMessage();
        _ = Close(descriptor);
        if (result != 0)
        {
            throw new IOException(message);
        }
    }

    private static string Reason(Exception e) => e.Message.ReplaceLineEndings(" ").Trim();

    private static void Discard(Action delete)
    {
        try
        {
            delete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report.
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
