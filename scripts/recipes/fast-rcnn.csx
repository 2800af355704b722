#!/usr/bin/env dotnet-script
// Recipe    Fast R-CNN
// Paper     Girshick 2015: Selective Search regions, background of IoU 0.1 to 0.5, both losses at once
// Command   ./rcnn script scripts/recipes/fast-rcnn.csx --train voc:DIR/train --val voc:DIR/test --init mobilenet_v2.pth [--steps N | --minutes T] [--seed S] [--out DIR] [--set "key=value …"]
// Data      any dataset with boxes; without --train and --val the embedded scenes
// Time      4,000 steps; some 13 minutes in one thread
// Expected  AP50 0.892 ± 0.030, AP 0.691 on the playing cards, seeds 0 to 2 (docs/results.md, "The lineage")
#load "../lib/recipe.csx"

return new Recipe
{
    Title = "Fast R-CNN",
    Config = classes => ConfigOverrides.Apply(TrainPresets.For("fast-rcnn", "mobilenet_v2", classes), ["model.roi.backgroundIouLow=0.1", "optimizer.averageDecay=0.998", "schedule.kind=cosine", "schedule.finalFactor=0.01"]),
}.Run(Args, steps: 4000);
