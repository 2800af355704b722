#!/usr/bin/env dotnet-script
// Recipe    R-CNN
// Paper     Girshick et al. 2014: every region warped and sent through the network, linear machines with hard negatives, box regression of each class
// Command   ./rcnn script scripts/recipes/rcnn.csx --train voc:DIR/train --val voc:DIR/test --init mobilenet_v2.pth [--steps N | --minutes T] [--seed S] [--out DIR] [--set "key=value …"]
// Data      any dataset with boxes; without --train and --val the embedded scenes
// Time      25 minutes of fine-tuning on two cores by default, then the features of all regions
// Expected  docs/results.md, "The lineage"
#load "../lib/recipe.csx"

return new Recipe
{
    Title = "R-CNN",
    TimedImages = 10,
    Config = classes => ConfigOverrides.Apply(
        TrainPresets.For("rcnn", "mobilenet_v2", classes), ["model.rcnn.warpSize=160", "model.backbone.freezeStages=1", "data.proposals.limit=200"]),
}.Run(Args, steps: 1500);
