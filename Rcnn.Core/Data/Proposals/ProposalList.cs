using System.Globalization;

namespace Rcnn.Core.Data.Proposals;

/// <summary>The image that proposals are wanted of, as its dataset stores it.</summary>
/// <param name="FileName">As the dataset names it; a folder may stand before it.</param>
/// <param name="Id">Its id in the dataset; null where there is none, as for a photo by itself.</param>
/// <param name="Width">Pixels, before it is shrunk.</param>
/// <param name="Height">Pixels, before it is shrunk.</param>
public readonly record struct ProposalImage(string FileName, long? Id, int Width, int Height);

/// <summary>
/// Proposals that another program wrote (<see cref="ProposalListReader"/>), by the id or the file name of their image, the highest score first; without scores in the order of the file. A file name is
/// found as the dataset has it, without its folder, or without folder and extension, in this order. Entries of images that nobody asks for are no error: one file may serve several datasets.
/// </summary>
public sealed class ProposalList
{
    private readonly Dictionary<long, ListedProposal[]> _ids = [];
    private readonly Dictionary<string, ListedProposal[]> _names = [];

    internal ProposalList(string file, IEnumerable<ListedProposal> entries)
    {
        File = file;
        foreach (IGrouping<(long?, string?), ListedProposal> image in entries.GroupBy(e => (e.ImageId, e.ImageName)))
        {
            // A stable sort: the file's order where scores are equal.
            ListedProposal[] ordered = [.. image.OrderByDescending(e => e.Score ?? 0)];
            if (image.Key.Item1 is { } id)
            {
                _ids[id] = ordered;
            }
            else
            {
                _names[image.Key.Item2!] = ordered;
            }
        }
    }

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>Images it holds.</summary>
    public int Count => _ids.Count + _names.Count;

    /// <summary>
    /// The proposals of an image, [0, width] × [0, height] at the most: boxes are clipped to the image, then scaled to <paramref name="seen"/>.
    /// </summary>
    /// <param name="image">The image as stored.</param>
    /// <param name="seen">Size of the image that is looked at, which may have been shrunk.</param>
    /// <exception cref="RcnnException">The list has none of it, or a box lies outside of it; names file, entry and box.</exception>
    public Box[] Of(ProposalImage image, ImageSize seen)
    {
        ListedProposal[] entries = Entries(image) ?? throw new RcnnException($"{File}: no proposals of {Name(image)}{(_names.Count == 0 ? "; its images are named by id" : "")}");
        double sx = (double)seen.Width / image.Width, sy = (double)seen.Height / image.Height;
        return [.. entries.Select(e =>
        {
            var clipped = new Box(
                Math.Clamp(e.Box.X1, 0, image.Width), Math.Clamp(e.Box.Y1, 0, image.Height), Math.Clamp(e.Box.X2, 0, image.Width), Math.Clamp(e.Box.Y2, 0, image.Height));
            return clipped.X2 > clipped.X1 && clipped.Y2 > clipped.Y1
                ? new Box(clipped.X1 * sx, clipped.Y1 * sy, clipped.X2 * sx, clipped.Y2 * sy)
                : throw new RcnnException(string.Create(CultureInfo.InvariantCulture,
                    $"{File}: {e.Place}: a box on {Name(image)}, {image.Width}×{image.Height}, expected, got ({e.Box.X1}, {e.Box.Y1}, {e.Box.X2}, {e.Box.Y2})"));
        })];
    }

    private ListedProposal[]? Entries(ProposalImage image)
    {
        if (image.Id is { } id && _ids.TryGetValue(id, out ListedProposal[]? entries))
        {
            return entries;
        }

        string bare = Path.GetFileName(image.FileName);
        string[] names = [image.FileName, bare, Path.GetFileNameWithoutExtension(bare)];
        return names.Select(n => _names.GetValueOrDefault(n)).FirstOrDefault(e => e is not null);
    }

    private static string Name(ProposalImage image) =>
        image.Id is { } id ? string.Create(CultureInfo.InvariantCulture, $"{image.FileName} (image {id})") : image.FileName;
}

/// <summary>One entry of a <see cref="ProposalList"/>.</summary>
/// <param name="ImageId">The image's id, or null where it is named.</param>
/// <param name="ImageName">The image's file name, or null where it has an id.</param>
/// <param name="Box">Pixels of the image as stored; may leave it.</param>
/// <param name="Score">Higher is better; null where the file has none.</param>
/// <param name="Place">Where it stands in the file, for messages.</param>
internal readonly record struct ListedProposal(long? ImageId, string? ImageName, Box Box, double? Score, string Place);
