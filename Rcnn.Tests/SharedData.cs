namespace Rcnn.Tests;

/// <summary>The data and golden cases beside the checkout (<c>../shared</c>). A test that needs what is absent is skipped with the reason.</summary>
internal static class SharedData
{
    /// <summary>The folder with Research.sln, found upwards from the test binary.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>Full path of <c>../shared/PATH</c>; skips the running test when it does not exist.</summary>
    public static string Require(string path)
    {
        string full = Path.Combine(RepositoryRoot, "..", "shared", path.Replace('/', Path.DirectorySeparatorChar));
        Skip.If(!File.Exists(full) && !Directory.Exists(full), $"../shared/{path} is absent");
        return Path.GetFullPath(full);
    }

    /// <summary><c>../shared/golden/PATH</c>.</summary>
    public static string Golden(string path) => Require("golden/" + path);

    /// <summary><c>../shared/data/PATH</c>.</summary>
    public static string Data(string path) => Require("data/" + path);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Research.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no Research.sln above {AppContext.BaseDirectory}");
    }
}
