#!/usr/bin/env dotnet-script
// Recipe    Faster R-CNN joint
// Paper     Ren et al. 2015, §3.2: approximate joint training
// Command   ./rcnn script scripts/recipes/faster-rcnn-joint.csx --train voc:DIR/train --val voc:DIR/test --init mobilenet_v2.pth [--steps N | --minutes T] [--seed S] [--out DIR] [--set "key=value …"]
// Data      any dataset with boxes; without --train and --val the embedded scenes
// Time      3,000 steps, 0.37 s of one core each; some 19 minutes in one thread
// Expected  AP50 0.965, AP 0.773 on the playing cards, seed 0; the spread over seeds is not measured yet (docs/results.md, "The lineage")
#load "../lib/recipe.csx"

return new Recipe
{
    Title = "Faster R-CNN joint",
    Config = classes => ConfigOverrides.Apply(TrainPresets.For("faster-rcnn-c4", "mobilenet_v2", classes), ["schedule.kind=cosine", "schedule.finalFactor=0.01"]),
}.Run(Args, steps: 3000);
