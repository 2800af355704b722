#!/usr/bin/env dotnet-script
// Recipe    Faster R-CNN joint
// Paper     Ren et al. 2015, §3.2: approximate joint training
// Command   ./rcnn script scripts/recipes/faster-rcnn-joint.csx --train voc:DIR/train --val voc:DIR/test --init mobilenet_v2.pth [--steps N | --minutes T] [--seed S] [--out DIR] [--set "key=value …"]
// Data      any dataset with boxes; without --train and --val the embedded scenes
// Time      10 minutes of training on two cores by default
// Expected  docs/results.md, "The lineage"
#load "../lib/recipe.csx"

return new Recipe
{
    Title = "Faster R-CNN joint",
    Config = classes => TrainPresets.For("faster-rcnn-c4", "mobilenet_v2", classes),
}.Run(Args, steps: 3000);
