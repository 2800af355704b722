using Rcnn.Core.Models.Backbones;
using Rcnn.Core.Models.Input;
using Rcnn.Core.Models.Output;
using Rcnn.Core.Models.Stage1Proposals;
using Rcnn.Core.Models.Stage2Regions;

namespace Rcnn.Core.Models.Assemblies;

/// <summary>Faster R-CNN on a feature pyramid: every level proposes, regions are pooled from the level of their size. Lin et al. 2017, §4–5.</summary>
public static class FasterRcnnFpn
{
    public static TwoStageDetector Create(DetectorConfig config)
    {
        if (!config.Backbone.Fpn)
        {
            throw RcnnException.Usage("model.backbone.fpn: true expected for faster-rcnn-fpn, got false");
        }

        Backbone backbone = BackboneFactory.Create(config.Backbone);
        RegionHead head = RegionHeadFactory.Create(config, backbone.Channels[0]);
        return new TwoStageDetector(
            config,
            new InputTransform(config.Input),
            backbone,
            new RegionProposalNetwork(config.Rpn, backbone.Levels, backbone.Channels[0]),
            new RegionHeads(config.Roi, config.Classes, backbone.Levels, backbone.Channels[0], head),
            new DetectionOutput(config.Output, config.Roi));
    }
}
