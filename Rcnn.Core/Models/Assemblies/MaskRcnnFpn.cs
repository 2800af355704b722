using Rcnn.Core.Models.Backbones;
using Rcnn.Core.Models.Input;
using Rcnn.Core.Models.Output;
using Rcnn.Core.Models.Stage1Proposals;
using Rcnn.Core.Models.Stage2Regions;

namespace Rcnn.Core.Models.Assemblies;

/// <summary>Mask R-CNN on a feature pyramid: Faster R-CNN with a branch that segments the object in each final box. He et al. 2017, §3.</summary>
public static class MaskRcnnFpn
{
    public static TwoStageDetector Create(DetectorConfig config)
    {
        if (!config.Backbone.Fpn)
        {
            throw RcnnException.Usage("model.backbone.fpn: true expected for mask-rcnn-fpn, got false");
        }

        Backbone backbone = BackboneFactory.Create(config.Backbone);
        RegionHead head = RegionHeadFactory.Create(config, backbone.Channels[0]);
        return new TwoStageDetector(
            config,
            new InputTransform(config.Input),
            backbone,
            new RegionProposalNetwork(config.Rpn, backbone.Levels, backbone.Channels[0]),
            new RegionHeads(config.Roi, config.Classes, backbone.Levels, backbone.Channels[0], head, masks: true),
            new DetectionOutput(config.Output, config.Roi));
    }
}
