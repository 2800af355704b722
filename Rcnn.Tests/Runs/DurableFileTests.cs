using Rcnn.Core;
using Rcnn.Core.Runs;
using Rcnn.Tests.Training;

namespace Rcnn.Tests.Runs;

public sealed class DurableFileTests
{
    [Fact]
    public void FailedWrite_KeepsTheOldFileAndLeavesNothing()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("a.json");
        DurableFile.WriteText(file, "old");
        var e = Assert.Throws<RcnnException>(() => DurableFile.Write(file, path =>
        {
            File.WriteAllText(path, "half of the n");
            throw new IOException("No space left on device");
        }));
        Assert.Contains(file, e.Message);
        Assert.Contains("No space left on device", e.Message);
        Assert.Equal("old", File.ReadAllText(file));
        Assert.Equal([file], Directory.GetFileSystemEntries(folder.Path));
    }

    [SkippableFact]
    public void FullDisk_IsNamed()
    {
        Skip.IfNot(File.Exists("/dev/full"), "no /dev/full on this system");
        using var folder = new TemporaryFolder();
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        var e = Assert.Throws<RcnnException>(() => DurableFile.Write(folder.File("weights"), _ => full.Write(new byte[10])));
        Assert.Contains("weights: not written: No space left on device", e.Message);
    }

    [Fact]
    public void FailedFolder_LeavesNothing()
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<RcnnException>(() => DurableFile.WriteFolder(folder.File("checkpoint-1"), path =>
        {
            File.WriteAllText(Path.Combine(path, "weights"), "half");
            throw new IOException("No space left on device");
        }));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Folder_AppearsWhole()
    {
        using var folder = new TemporaryFolder();
        DurableFile.WriteFolder(folder.File("c"), path =>
        {
            Assert.False(Directory.Exists(folder.File("c")));
            File.WriteAllText(Path.Combine(path, "x"), "1");
        });
        Assert.Equal("1", File.ReadAllText(Path.Combine(folder.File("c"), "x")));
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void CleanUp_RemovesOnlyWhatIsUnfinished()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("checkpoint-00000001.tmp-4"));
        File.WriteAllText(folder.File("config.json.tmp-4"), "");
        File.WriteAllText(folder.File("config.json"), "{}");
        DurableFile.CleanUp(folder.Path);
        Assert.Equal([folder.File("config.json")], Directory.GetFileSystemEntries(folder.Path));
    }
}
