#!/usr/bin/env dotnet-script
// Purpose   How much do the anchor sizes of stage 1 matter when they miss the sizes of the objects?
// Command   ./rcnn script scripts/ablate-anchor-scales.csx [--steps N] [--minutes T] [--seeds N] [--out DIR] [--train D] [--val D]
// Data      embedded synthetic scenes (objects of 24 to 88 pixels), drawn on the fly
// Time      with the defaults 8 runs of 600 steps: about 7 minutes of processor time for training (89 ms a step), 2 minutes for evaluation
// Expected  AP50 as the demo runs it (--steps 300 --train synthetic:train:600, two cores): fitting 0.274 ± 0.013, small 0.219 ± 0.018, large 0.300 ± 0.008, single 0.280 ± 0.000
#load "lib/ablation.csx"

const string Sizes = "model.rpn.anchors.sizes";

return new Ablation
{
    Title = "Anchor scales",
    Purpose = "Objects in the embedded scenes have sides of 24 to 88 pixels. The fitting anchors cover that range; the small and large ones are half and twice as long; the single one leaves all of the scale to box regression.",
    Script = "scripts/ablate-anchor-scales.csx",
    Baseline = SyntheticPreset.Create(),
    Axes =
    [
        new Axis("anchors",
        [
            Variant.Of("fitting", Sizes, "[[16,32,48,72]]"),
            Variant.Of("small", Sizes, "[[8,16,24,36]]"),
            Variant.Of("large", Sizes, "[[32,64,96,144]]"),
            Variant.Of("single", Sizes, "[[48]]"),
        ]),
    ],
}.Run(Args, steps: 600, minutes: 5, seeds: 2, train: "synthetic:train:2000", validation: "synthetic:val:100");
