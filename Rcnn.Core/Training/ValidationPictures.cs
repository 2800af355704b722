using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Models;
using static TorchSharp.torch;

namespace Rcnn.Core.Training;

/// <summary>A few validation images with what the model finds in them now, to watch it learn.</summary>
internal static class ValidationPictures
{
    private const int Count = 4;
    private const double ShownScore = 0.5;

    /// <summary>The same evenly spaced images each time, as <c>detections/FILE</c>. The model is in evaluation mode.</summary>
    public static IReadOnlyList<(string Name, RgbImage Image)> Draw(TwoStageDetector detector, IDetectionDataset data, int maxSide, ProposalSource? proposals)
    {
        int images = Math.Min(Count, data.Count);
        var reader = new SampleReader(data, new LoaderOptions { MaxSide = maxSide, Proposals = proposals });
        var pictures = new (string, RgbImage)[images];
        for (int i = 0; i < images; i++)
        {
            using var scope = NewDisposeScope();
            using IDisposable inference = inference_mode();
            int index = (int)((i + 0.5) * data.Count / images);
            Sample sample = reader.Read(0, index);
            RgbImage image = sample.Image;
            Detections found = detector.Detect(
                [tensor(image.Pixels, [image.Height, image.Width, 3], dtype: uint8)], sample.Proposals is null ? null : [BatchLoader.Corners(sample.Proposals)])[0];
            pictures[i] = ($"detections/{data[index].FileName}", DetectionDrawing.Draw(image, found, data.ClassNames, ShownScore, BoxSettings.Paste(detector.Config.Output)));
        }

        return pictures;
    }
}
