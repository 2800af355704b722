using System.CommandLine;
using System.Text.Json.Nodes;
using Rcnn.Core;
using Rcnn.Core.Analysis;
using Rcnn.Core.Data;
using Rcnn.Core.Runs;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn runs report DIR</c>: report.html of an evaluated run.</summary>
internal static class RunsReportCommand
{
    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "A run folder that has been evaluated." };
        var data = new Option<string?>("--data") { Description = "The data evaluated on, when it has moved since.", HelpName = "D" };
        var samples = new Option<int>("--samples") { Description = "Images to show.", HelpName = "N", DefaultValueFactory = _ => 12 };
        var command = new Command("report", "Write report.html: figures, curves, sample detections.\nExample: rcnn runs report runs/first") { directory, data, samples };
        command.SetAction(parsed =>
        {
            RunFolder run = RunFolder.Open(parsed.GetValue(directory)!);
            string name = parsed.GetValue(data) ?? EvaluatedOn(run);
            IDetectionDataset dataset = DatasetFactory.Open(name, run.Config.Data.Classes is { Length: > 0 } classes ? classes : null);
            Console.WriteLine(RunReport.Write(run, dataset, parsed.GetValue(samples)));
            return 0;
        });
        return command;
    }

    private static string EvaluatedOn(RunFolder run) =>
        File.Exists(run.EvaluationFile) && (string?)JsonNode.Parse(File.ReadAllText(run.EvaluationFile))?["data"] is { } name
            ? name
            : throw new RcnnException($"{run.EvaluationFile}: no such file; evaluate the run first: ./rcnn eval --run {run.Directory} --data D");
}
