#!/usr/bin/env dotnet-script
// Recipe    Faster R-CNN joint
// Paper     Ren et al. 2015, §3.2: approximate joint training
// Command   ./rcnn script scripts/recipes/faster-rcnn-joint.csx --train voc:DIR/train --val voc:DIR/test --init mobilenet_v2.pth [--steps N | --minutes T] [--seed S] [--out DIR] [--set "key=value …"]
// Data      any dataset with boxes; without --train and --val the embedded scenes
// Time      3,000 steps; some 9 minutes in one thread
// Expected  AP50 0.985 ± 0.002, AP 0.805 on the playing cards, seeds 0 to 2 (docs/results.md, "The lineage")
#load "../lib/recipe.csx"

return new Recipe
{
    Title = "Faster R-CNN joint",
    Config = classes => ConfigOverrides.Apply(TrainPresets.For("faster-rcnn-c4", "mobilenet_v2", classes), ["schedule.kind=cosine", "schedule.finalFactor=0.01"]),
    // A third of the preset's rate: with more, some runs end far below others.
    FromWeights = ["optimizer.learningRate=0.003"],
}.Run(Args, steps: 3000);
