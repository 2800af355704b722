using Rcnn.Core;

namespace Rcnn.Cli.Scripting;

/// <summary>Where the sources are: scripts belong to the repository, not to the build output.</summary>
internal static class Repository
{
    /// <summary>The folder with Research.sln, above the running assembly.</summary>
    /// <exception cref="RcnnException">There is none: the program was copied out of its repository.</exception>
    public static string Find()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Research.sln")))
            {
                return folder;
            }
        }

        throw new RcnnException($"{AppContext.BaseDirectory}: not inside the repository, so its scripts cannot be found");
    }
}
