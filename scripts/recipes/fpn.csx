#!/usr/bin/env dotnet-script
// Recipe    FPN
// Paper     Lin et al. 2017: Faster R-CNN on a feature pyramid, proposals and regions from the level of their size
// Command   ./rcnn script scripts/recipes/fpn.csx --train voc:DIR/train --val voc:DIR/test --init mobilenet_v2.pth [--steps N | --minutes T] [--seed S] [--out DIR] [--set "key=value …"]
// Data      any dataset with boxes; without --train and --val the embedded scenes
// Time      3,000 steps; some 16 minutes in one thread
// Expected  AP50 0.973 ± 0.008, AP 0.787 on the playing cards, seeds 0 to 2 (docs/results.md, "The lineage")
#load "../lib/recipe.csx"

// The size of the other recipes: images of 320 pixels, few regions; levels of stride 8, 16 and 32 from the end of each stage, one size of anchor on each, and a pooled one above.
string[] small =
[
    "model.input.minSize=240", "model.input.maxSize=320", "data.maxSide=320", "model.backbone.freezeStages=2", "model.backbone.fpnChannels=96", "model.backbone.lastBlock=17",
    "model.backbone.pyramid.stages=3", "model.backbone.pyramid.tap=last", "model.rpn.anchors.sizes=[[32],[64],[128],[192]]", "model.roi.canonicalSize=112",
    "model.rpn.preNmsTrain=300", "model.rpn.postNmsTrain=200", "model.rpn.preNmsTest=150", "model.rpn.postNmsTest=100", "model.rpn.batchPerImage=128",
    "model.roi.headWidth=256", "model.roi.batchPerImage=64", "schedule.kind=cosine", "schedule.finalFactor=0.01",
];

return new Recipe
{
    Title = "FPN",
    Config = classes => ConfigOverrides.Apply(TrainPresets.For("faster-rcnn-fpn", "mobilenet_v2", classes), small),
}.Run(Args, steps: 3000);
