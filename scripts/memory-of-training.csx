#!/usr/bin/env dotnet-script
// Purpose   Does training keep its memory? Mask R-CNN on images of mixed sizes, resident memory every 50 steps; the growth after warm-up is the answer
// Command   ./rcnn script scripts/memory-of-training.csx [--data coco:instances.json,images] [--init mobilenet_v2.pth] [--steps 2000] [--out DIR]
// Data      any dataset with masks; without --data the embedded scenes
// Time      2,000 steps in about 10 minutes on two cores
// Expected  growth below 2 % (+1.2 %), and exit code 0; docs/results.md, "Memory of a long training"
#load "lib/arguments.csx"

var options = new Arguments(Args);
IDetectionDataset data = DatasetFactory.Open(options.Text("--data", "synthetic:train:100"));
string init = options.Text("--init", ""), output = options.Text("--out", "runs/memory-of-training");
int steps = options.Integer("--steps", 2000), threads = options.Integer("--threads", 0);
options.RejectUnknown();

// Sides of 160 to 448 pixels in steps of 32, two images at a time.
TrainConfig config = ConfigOverrides.Apply(TrainPresets.For("mask-rcnn-fpn", "mobilenet_v2", data.ClassNames.Count),
[
    "model.input.minSize=320", "model.input.maxSize=448", "model.input.scaleJitter=[0.6,1]", "data.maxSide=448", "data.batchSize=2", "data.flipProbability=0.5",
    "model.backbone.freezeStages=2", "model.backbone.fpnChannels=64", "model.backbone.lastBlock=17", "model.backbone.pyramid.stages=3", "model.backbone.pyramid.tap=last",
    "model.rpn.anchors.sizes=[[32],[64],[128],[192]]", "model.rpn.preNmsTrain=300", "model.rpn.postNmsTrain=200", "model.roi.headWidth=256", "model.roi.batchPerImage=64",
    "model.roi.mask.layers=[64,64]", "model.roi.mask.width=64", "data.cacheMegabytes=256",
]) with { Stop = new StopConfig { Steps = steps }, Init = init.Length > 0 ? init : null, Threads = threads, CheckpointEvery = 500 };
var memory = new Memory();
TrainingRun.Execute(config, data, null, output, memory, resume: false);

// Warm-up: the first half, in which every size of image comes by and the cache of decoded images fills.
double Mean(IEnumerable<long> values) => values.DefaultIfEmpty().Average();
long[] early = [.. memory.Resident.Where(r => r.Step > steps * 0.4 && r.Step <= steps * 0.5).Select(r => r.Bytes)];
long[] late = [.. memory.Resident.Where(r => r.Step > steps * 0.9).Select(r => r.Bytes)];
double growth = Mean(late) / Mean(early) - 1;
Console.WriteLine($"resident: {Mean(early) / (1 << 20):F0} MiB at 40–50 % of {steps} steps, {Mean(late) / (1 << 20):F0} MiB at 90–100 %: {growth:+0.0%;-0.0%}; peak {Engine.PeakResidentBytes >> 20} MiB");
return growth < 0.02 ? 0 : 1;

public sealed class Memory : ITrainingObserver
{
    public List<(int Step, long Bytes)> Resident { get; } = new();

    public void Stepped(StepReport report)
    {
        if (report.Step % 10 == 0)
        {
            Resident.Add((report.Step, Engine.ResidentBytes));
        }

        if (report.Step % 50 == 0)
        {
            Console.WriteLine($"step {report.Step}: {Engine.ResidentBytes >> 20} MiB, loss {report.Loss:F3}");
        }
    }
}
