#!/usr/bin/env dotnet-script
// Recipe    Faster R-CNN alternating
// Paper     Ren et al. 2015, §3.2: the four steps, two stages on shared convolutions
// Command   ./rcnn script scripts/recipes/faster-rcnn-alternating.csx --train voc:DIR/train --val voc:DIR/test --init mobilenet_v2.pth [--steps N | --minutes T] [--seed S] [--out DIR] [--set "key=value …"]
// Data      any dataset with boxes; without --train and --val the embedded scenes
// Time      6,000 steps; some 15 minutes in one thread
// Expected  AP50 0.953 ± 0.012, AP 0.757 on the playing cards, seeds 0 to 2 (docs/results.md, "The lineage")
#load "../lib/recipe.csx"

return new Recipe
{
    Title = "Faster R-CNN alternating",
    // Most steps go to the second, whose convolutions are the result's.
    Config = classes => ConfigOverrides.Apply(
        TrainPresets.For("faster-rcnn-c4", "mobilenet_v2", classes), ["procedure=alternating", "alternatingShares=[1,3,1,1]", "schedule.kind=cosine", "schedule.finalFactor=0.01"]),
}.Run(Args, steps: 6000);
