using Rcnn.Core.Data;
using Rcnn.Core.Evaluation;

namespace Rcnn.Core.Analysis;

/// <summary>The HTML page of an ablation: what was varied, a table of mean ± spread, charts, and the same sample images under every setting.</summary>
public sealed class AblationReport
{
    public required string Title { get; init; }

    /// <summary>What the ablation asks, in a sentence or two.</summary>
    public required string Purpose { get; init; }

    /// <summary>The command that repeats it.</summary>
    public required string Command { get; init; }

    /// <summary>Summary table as HTML.</summary>
    public required string TableHtml { get; init; }

    /// <summary>How to read the table.</summary>
    public string Note { get; init; } = "";

    /// <summary>Charts as SVG.</summary>
    public IReadOnlyList<string> Charts { get; init; } = [];

    /// <summary>One row per run as HTML, folded away.</summary>
    public string RunsHtml { get; init; } = "";

    /// <summary>Setting and its detections on <see cref="Dataset"/>, from one of its runs.</summary>
    public IReadOnlyList<(string Setting, IReadOnlyList<DetectionRow> Detections)> Samples { get; init; } = [];

    /// <summary>The data evaluated on.</summary>
    public required IDetectionDataset Dataset { get; init; }

    /// <summary>Baseline configuration as JSON.</summary>
    public string Configuration { get; init; } = "";

    /// <summary>Writes the page.</summary>
    /// <param name="path">The HTML file.</param>
    /// <param name="samples">Number of images to show.</param>
    public void Write(string path, int samples = 6)
    {
        var page = new HtmlPage(Title);
        page.Paragraph(Purpose).Code(Command);
        page.Section("Results").Html(TableHtml);
        if (Note.Length > 0)
        {
            page.Paragraph(Note);
        }

        page.Charts(Charts);
        if (RunsHtml.Length > 0)
        {
            page.Html($"<details><summary>Every run</summary>{RunsHtml}</details>\n");
        }

        if (Samples.Count > 0)
        {
            page.Section("Sample detections");
            page.Paragraph(FormattableString.Invariant($"Evenly spaced images of {Dataset.Name}; detections with a score of at least {SampleDetections.ShownScore}, from the first seed of each setting."));
            new SampleDetections(Dataset, samples).AddTo(page, Samples);
        }

        if (Configuration.Length > 0)
        {
            page.Section("Configuration").Folded("baseline", Configuration);
        }

        page.Write(path);
    }
}
