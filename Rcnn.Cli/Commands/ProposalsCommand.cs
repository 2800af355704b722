using System.CommandLine;
using System.Globalization;
using Rcnn.Cli.Progress;
using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Models;
using Rcnn.Core.Runs;
using Rcnn.Ops;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn proposals</c>: computes regions for a dataset into a proposal file and says how many objects they cover.</summary>
internal static class ProposalsCommand
{
    private static readonly int[] Counts = [10, 50, 100, 300, 1000, 2000];
    private static readonly double[] Overlaps = [0.5, 0.7];

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "voc:DIR[:SPLIT], coco:JSON,IMAGEDIR or synthetic[:SPLIT][:COUNT].", HelpName = "D", Required = true };
        var method = new Option<string?>("--method") { Description = string.Join(", ", ProposalMethods.Names) + ".", HelpName = "M" };
        var run = new Option<string?>("--run") { Description = "In place of --method: the proposal network of a trained run.", HelpName = "DIR" };
        var output = new Option<string>("--out") { Description = "The proposal file; images that it has are not computed again.", HelpName = "FILE", Required = true };
        var maxSide = new Option<int>("--max-side") { Description = "Longer side that larger images are reduced to first, as data.maxSide in training; 0 keeps them.", HelpName = "N" };
        var command = new Command("proposals",
            "Compute regions for a dataset and their recall.\n"
            + "Example: rcnn proposals --data voc:photos/train --method sliding-windows --max-side 320 --out photos.proposals"
            + "\nMethods:\n" + string.Join("\n", ProposalMethods.Descriptions))
        {
            data, method, run, output, maxSide,
        };
        command.SetAction(parsed => Run(
            parsed.GetValue(data)!, parsed.GetValue(method), parsed.GetValue(run), parsed.GetValue(output)!, parsed.GetValue(maxSide)));
        return command;
    }

    private static TwoStageDetector Network(RunFolder run) => DetectorFactory.NeedsProposals(run.Config.Model)
        ? throw RcnnException.Usage($"--run {run.Directory}: a run with a proposal network expected (faster-rcnn or mask-rcnn), got {run.Config.Model.Assembly}")
        : run.LoadDetector();

    private static int Run(string dataName, string? methodName, string? run, string output, int maxSide)
    {
        using TwoStageDetector? detector = run is null ? null : Network(RunFolder.Open(run));
        IProposalMethod method = (methodName, detector) switch
        {
            ({ } name, null) => ProposalMethods.Create(name),
            (null, { } d) => new NetworkProposals(d, $"network of {Path.GetFileName(Path.TrimEndingDirectorySeparator(run!))}", train: false),
            _ => throw RcnnException.Usage("proposals: either --method or --run expected"),
        };
        IDetectionDataset dataset = DatasetFactory.Open(dataName);
        using var interrupt = new InterruptSignal();
        using ProposalCache cache = ProposalCache.Open(output, method.Name);
        var reader = new SampleReader(dataset, new LoaderOptions { MaxSide = maxSide });
        int before = cache.Count;
        var recall = new ProposalRecall(Counts, Overlaps);
        TrainingProgress.Run(observer =>
        {
            int done = 0;
            Parallel.For(0, dataset.Count, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, Engine.Threads), CancellationToken = interrupt.Token }, i =>
            {
                Sample sample = reader.Read(0, i);
                Box[]? boxes = cache.Find(sample.Image);
                if (boxes is null)
                {
                    boxes = method.Propose(sample.Image);
                    cache.Add(sample.Image, boxes);
                }

                lock (recall)
                {
                    recall.Add(boxes, sample.Boxes);
                    observer.Evaluating(++done, dataset.Count);
                }
            });
            return 0;
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{output}: {cache.Count} images ({cache.Count - before} new), {recall.MeanCount:F0} proposals an image on {dataset.Name}"));
        Console.WriteLine("recall at IoU " + string.Concat(Counts.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c,8}"))));
        foreach (double overlap in Overlaps)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{overlap,13:F1} ")
                + string.Concat(Counts.Select(c => string.Create(CultureInfo.InvariantCulture, $"{recall.Recall(c, overlap),8:F3}"))));
        }

        return 0;
    }
}
