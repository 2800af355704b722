using Rcnn.Core.Evaluation;

namespace Rcnn.Cli.Golden;

/// <summary>The golden ops this build can compute. An op missing here is skipped with a reason.</summary>
internal static class GoldenOps
{
    /// <summary>One line for each op.</summary>
    public static IReadOnlyList<IGoldenCase> All { get; } =
    [
        new DetectorGolden("faster_rcnn"),
        new DetectorGolden("mask_rcnn"),
        new TransformGolden(),
        new CocoGolden("coco_eval_bbox", CocoIouType.Box),
        new CocoGolden("coco_eval_segm", CocoIouType.Mask),
        new VocGolden(),
        new BoxIouGolden(),
        new GeneralizedBoxIouGolden(),
        new BoxAreaGolden(),
        new ClipBoxesGolden(),
        new RemoveSmallBoxesGolden(),
        new BoxConvertGolden(),
        new BoxCoderGolden(),
        new NmsGolden(),
        new BatchedNmsGolden(),
        new AnchorGolden(),
        new MatcherGolden(),
        new RpnFilterGolden(),
        new PostProcessGolden(),
        new RoiAlignGolden(),
        new RoiPoolGolden(),
        new MultiScaleRoiAlignGolden(),
        new SmoothL1Golden(),
        new SigmoidFocalGolden(),
        new FastRcnnLossGolden(),
        new RpnLossGolden(),
        new MasksToBoxesGolden(),
        new PasteMasksGolden(),
        new MaskRcnnLossGolden(),
        new RleGolden(),
        new RleIouGolden(),
        new RleMergeGolden(),
        new ResizeGolden(),
        new GraphSegmentationGolden(),
        new SelectiveSearchGolden(),
    ];

    public static IGoldenCase? Find(string op) => All.FirstOrDefault(c => c.Op == op);
}
