#!/usr/bin/env dotnet-script
// Recipe    R-CNN
// Paper     Girshick et al. 2014: every region warped and sent through the network, linear machines with hard negatives, box regression of each class
// Command   ./rcnn script scripts/recipes/rcnn.csx --train voc:DIR/train --val voc:DIR/test --init mobilenet_v2.pth [--steps N | --minutes T] [--seed S] [--out DIR] [--set "key=value …"]
// Data      any dataset with boxes; without --train and --val the embedded scenes
// Time      1,000 steps of fine-tuning, then the features of 60,000 regions and the machines; some 33 minutes in one thread
// Expected  AP50 0.944 ± 0.011, AP 0.677 on the playing cards, seeds 0 to 2 (docs/results.md, "The lineage")
#load "../lib/recipe.csx"

return new Recipe
{
    Title = "R-CNN",
    TimedImages = 10,
    Config = classes => ConfigOverrides.Apply(
        TrainPresets.For("rcnn", "mobilenet_v2", classes), [
            // Regions are cut from the photos as they are, not from ones reduced to 320 pixels.
            "data.maxSide=512", "model.input.maxSize=512", "model.rcnn.warpSize=128", "model.backbone.freezeStages=1", "data.proposals.limit=200",
            "schedule.kind=cosine", "schedule.finalFactor=0.01",
        ]),
    // The paper's rate: with ten times as much, runs of different seeds ended anywhere between AP50 0.63 and 0.93 on the playing cards.
    FromWeights = ["optimizer.learningRate=0.001"],
}.Run(Args, steps: 1000);
