using Rcnn.Core.Data;
using Rcnn.Core.Evaluation;

namespace Rcnn.Core.Analysis;

/// <summary>A few images of a dataset with their ground truth and what a detector found. The images are evenly spaced, not chosen.</summary>
public sealed class SampleDetections
{
    /// <summary>Detections below this score are not shown.</summary>
    public const double ShownScore = 0.5;

    private readonly IDetectionDataset _dataset;

    public SampleDetections(IDetectionDataset dataset, int count)
    {
        _dataset = dataset;
        int images = Math.Min(count, dataset.Count);
        Indices = [.. Enumerable.Range(0, images).Select(i => (int)((i + 0.5) * dataset.Count / images))];
    }

    /// <summary>Places of the images in the dataset.</summary>
    public IReadOnlyList<int> Indices { get; }

    /// <summary>Boxes of one image, highest scores only.</summary>
    public IReadOnlyList<BoxLabel> Shown(int index, IEnumerable<DetectionRow> detections)
    {
        long id = _dataset[index].Id;
        Dictionary<int, int> labels = _dataset.CategoryIds.Select((category, i) => (category, i + 1)).ToDictionary();
        return
        [
            .. detections.Where(d => d.ImageId == id && d.Score >= ShownScore && labels.ContainsKey(d.CategoryId))
                .Select(d => new BoxLabel(new Box(d.X, d.Y, d.X + d.Width, d.Y + d.Height), labels[d.CategoryId], d.Score, d.Mask)),
        ];
    }

    /// <summary>
    /// Adds the images to <paramref name="page"/>: for each a row of ground truth and one figure per entry of <paramref name="results"/>. Masks are shown in the ground truth where the results
    /// have masks: a picture beside boxes alone is not coloured over.
    /// </summary>
    /// <param name="page">The page to add to.</param>
    /// <param name="results">Caption and detections, the same order in each row.</param>
    public void AddTo(HtmlPage page, IReadOnlyList<(string Caption, IReadOnlyList<DetectionRow> Detections)> results)
    {
        var figures = new List<string>();
        bool masks = results.Any(r => r.Detections.Any(d => d.Mask is not null));
        foreach (int index in Indices)
        {
            ImageRecord record = _dataset[index];
            PageImage image = page.Embed(_dataset.Decode(index));
            IEnumerable<BoxLabel> truth = DetectionDrawing.Boxes(record).Select(b => masks ? b : b with { Mask = null });
            figures.Add(HtmlPage.Picture(image, truth, _dataset.ClassNames, $"{record.FileName}: ground truth"));
            foreach ((string caption, IReadOnlyList<DetectionRow> detections) in results)
            {
                figures.Add(HtmlPage.Picture(image, Shown(index, detections), _dataset.ClassNames, caption));
            }
        }

        // Two images a row where a row would be short.
        int width = results.Count + 1;
        page.Gallery(figures, width <= 2 ? 2 * width : Math.Min(width, 6));
    }
}
