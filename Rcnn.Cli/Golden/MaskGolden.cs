using Rcnn.Ops;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Cli.Golden;

/// <summary>Boxes around masks.</summary>
internal sealed class MasksToBoxesGolden : IGoldenCase
{
    public string Op => "masks_to_boxes";

    public void Run(GoldenContext c) => c.Check("boxes", MaskBoxes.Around(c.Tensor("masks")));
}

/// <summary>Masks drawn into the image.</summary>
internal sealed class PasteMasksGolden : IGoldenCase
{
    public string Op => "paste_masks_in_image";

    public bool OnDevice => true;

    public void Run(GoldenContext c)
    {
        long[] size = c.Integers("image_hw");
        c.Check("pasted", MaskPaste.Apply(c.Tensor("masks"), c.Tensor("boxes"), ((int)size[0], (int)size[1]), c.Integer("padding")));
    }
}

/// <summary>Mask targets by legacy adaptive RoIAlign, and the loss on the mask of the true class.</summary>
internal sealed class MaskRcnnLossGolden : IGoldenCase
{
    public string Op => "maskrcnn_loss";

    public void Run(GoldenContext c)
    {
        int side = c.Integer("M");
        Tensor matched = c.Tensor("matched_idxs"), logits = c.Tensor("mask_logits").requires_grad_(true);
        Tensor targets = MaskTargets.Of(c.Tensor("gt_masks"), c.Tensor("proposals"), matched, side);
        Tensor own = logits.index(arange(matched.shape[0], int64), c.Tensor("gt_labels").index_select(0, matched));
        Tensor loss = F.binary_cross_entropy_with_logits(own, targets);
        loss.backward();
        c.Check("mask_targets", targets);
        c.Check("loss", loss);
        c.Check("grad_mask_logits", logits.grad!);
    }
}
