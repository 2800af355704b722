using Rcnn.Core.Evaluation;
using Rcnn.Ops;

namespace Rcnn.Cli.Benchmarks;

/// <summary>
/// COCO AP of 5000 images with 100 detections each, 36,602 objects, 80 classes: about the shape of val2017 under a trained detector. Masks are outlines of 16 corners that fill their boxes,
/// read from compressed counts as they come from a file.
/// </summary>
internal sealed class CocoEvaluationBenchmark(CocoIouType type) : IBenchmark
{
    private const int Images = 5000, DetectionsPerImage = 100, Objects = 36602, Classes = 80;

    private readonly CocoEvaluationOptions _options = new() { Threads = Engine.Threads, IouType = type };
    private CocoGroundTruth? _truth;
    private List<DetectionRow> _detections = [];

    public string Name => type == CocoIouType.Box ? "coco_eval_5000x100" : "coco_segm_eval_5000x100";

    public string Note => $"{Objects} objects, {Classes} classes; without reading files";

    public void Setup()
    {
        (_truth, _detections) = Scene();
        if (type == CocoIouType.Mask)
        {
            _truth = new CocoGroundTruth(_truth.Images, _truth.Categories, [.. _truth.Objects.Select(o => o with { Mask = Outline(o.X, o.Y, o.Width, o.Height) })]);
            _detections = [.. _detections.Select(d => d with { Mask = Outline(d.X, d.Y, d.Width, d.Height) })];
        }
    }

    public void Run()
    {
        if (CocoEvaluator.Evaluate(_truth!, _detections, _options).Stats[0] <= 0)
        {
            throw new InvalidOperationException("no detection was right");
        }
    }

    public void Dispose()
    {
    }

    /// <summary>Objects of all size ranges; two thirds of the detections lie near an object of their image, three quarters of these carry its class.</summary>
    internal static (CocoGroundTruth Truth, List<DetectionRow> Detections) Scene()
    {
        var random = new RandomStream(0, "coco_eval");
        var objects = new List<CocoObject>(Objects);
        List<CocoObject>[] byImage = [.. Enumerable.Range(0, Images).Select(_ => new List<CocoObject>())];
        for (int i = 0; i < Objects; i++)
        {
            int image = random.NextInt(Images);
            double side = Math.Exp(random.NextDouble(1.5, 6)), ratio = Math.Exp(random.NextDouble(-0.7, 0.7));
            double w = Math.Min(640, side * ratio), h = Math.Min(480, side / ratio);
            var item = new CocoObject(i + 1, image + 1, 1 + random.NextInt(Classes), random.NextDouble(0, 640 - w), random.NextDouble(0, 480 - h), w, h,
                0.7 * w * h, random.NextInt(100) == 0);
            objects.Add(item);
            byImage[image].Add(item);
        }

        var detections = new List<DetectionRow>(Images * DetectionsPerImage);
        for (int image = 0; image < Images; image++)
        {
            for (int i = 0; i < DetectionsPerImage; i++)
            {
                detections.Add(Detection(random, image + 1, byImage[image]));
            }
        }

        List<CocoImage> images = [.. Enumerable.Range(1, Images).Select(i => new CocoImage(i, $"{i}.jpg", 640, 480))];
        return (new CocoGroundTruth(images, [.. Enumerable.Range(1, Classes).Select(c => new CocoCategory(c, $"class{c}"))], objects), detections);
    }

    // An ellipse in the box, as a network's smooth masks are.
    private static Rle Outline(double x, double y, double width, double height) => Rle.FromPolygon(
        [.. Enumerable.Range(0, 16).SelectMany(i => new[] { x + (width * (1 + Math.Cos(i * Math.PI / 8)) / 2), y + (height * (1 + Math.Sin(i * Math.PI / 8)) / 2) })], 480, 640);

    private static DetectionRow Detection(RandomStream random, long image, List<CocoObject> there)
    {
        if (there.Count == 0 || random.NextInt(3) == 0)
        {
            return new DetectionRow(image, 1 + random.NextInt(Classes), random.NextDouble(0, 500), random.NextDouble(0, 400),
                random.NextDouble(5, 140), random.NextDouble(5, 80), 0.6 * random.NextDouble());
        }

        CocoObject near = there[random.NextInt(there.Count)];
        double shift = 0.15 * random.NextGaussian();
        int category = random.NextInt(4) > 0 ? near.CategoryId : 1 + random.NextInt(Classes);
        return new DetectionRow(image, category, near.X + (shift * near.Width), near.Y, near.Width, near.Height,
            Math.Clamp(random.NextDouble() + 0.5 - Math.Abs(2 * shift), 0, 1));
    }
}
