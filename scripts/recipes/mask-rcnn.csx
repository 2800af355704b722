#!/usr/bin/env dotnet-script
// Recipe    Mask R-CNN
// Paper     He et al. 2017: a mask branch beside the boxes; here as a check that all parts learn together: it must fit twenty photos, and its boxes as well as those of the same detector without masks
// Command   ./rcnn script scripts/recipes/mask-rcnn.csx --train coco:instances.json,images@20 --val coco:instances.json,images@20 --init mobilenet_v2.pth [--steps N | --minutes T] [--seed S] [--out DIR] [--set "key=value …"]
// Data      any dataset with masks; without --train and --val twenty embedded scenes
// Time      two runs of 1,000 steps, 10 and 8 minutes of one core
// Expected  segmentation AP50 0.855, box AP 0.863 on the first twenty images of coco128-train2017, seed 0 (docs/results.md, "The lineage")
#load "../lib/recipe.csx"

// Photos at their own size, levels of stride 8 to 32 from the end of each stage, nothing varied: the photos are to be learnt by heart.
string[] small =
[
    "model.input.minSize=480", "model.input.maxSize=640", "model.input.scaleJitter=[1,1]", "data.maxSide=640", "data.colourJitter=0", "data.batchSize=2", "model.backbone.freezeStages=2",
    "model.backbone.fpnChannels=96", "model.backbone.lastBlock=17", "model.backbone.pyramid.stages=3", "model.backbone.pyramid.tap=last",
    "model.rpn.anchors.sizes=[[16,32],[64,96],[128,192],[256,384]]", "model.rpn.preNmsTrain=500", "model.rpn.postNmsTrain=200", "model.rpn.preNmsTest=300", "model.rpn.postNmsTest=200",
    "model.rpn.batchPerImage=128", "model.roi.headWidth=256", "model.roi.batchPerImage=64", "model.roi.mask.layers=[96,96]", "model.roi.mask.width=96",
    "schedule.kind=cosine", "schedule.finalFactor=0.01",
];

var options = new Arguments(Args);
RecipeResult Train(string title, string model, string folder) => new Recipe
{
    Title = title,
    Train = "synthetic:train:20",
    Validation = "synthetic:train:20",
    Config = classes => ConfigOverrides.Apply(TrainPresets.For(model, "mobilenet_v2", classes), small),
}.Execute(options, steps: 1000, folder);

double masks = Train("Mask R-CNN", "mask-rcnn-fpn", "masks").Metrics["AP"], boxes = Train("the same without masks", "faster-rcnn-fpn", "boxes").Metrics["AP"];
Console.WriteLine($"box AP with masks {masks:F3}, without {boxes:F3}: {100 * (masks - boxes):+0.0;-0.0} points");
return 0;
