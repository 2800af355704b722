using Rcnn.Core.Models.Backbones;
using Rcnn.Core.Models.Input;
using Rcnn.Core.Models.Output;
using Rcnn.Core.Models.Stage1Proposals;
using Rcnn.Core.Models.Stage2Regions;

namespace Rcnn.Core.Models.Assemblies;

/// <summary>Faster R-CNN on a single map of stride 16, with a two-layer head on the pooled regions. Ren et al. 2015.</summary>
public static class FasterRcnnC4
{
    public static TwoStageDetector Create(DetectorConfig config)
    {
        if (config.Backbone.Fpn)
        {
            throw RcnnException.Usage("backbone.fpn: false expected for faster-rcnn-c4, got true");
        }

        Backbone backbone = BackboneFactory.Create(config.Backbone);
        return new TwoStageDetector(
            config,
            new InputTransform(config.Input),
            backbone,
            new RegionProposalNetwork(config.Rpn, backbone.Levels, backbone.Channels[0]),
            new RegionHeads(config.Roi, config.Classes, backbone.Levels, backbone.Channels[0]),
            new DetectionOutput(config.Output, config.Roi.BoxWeights));
    }
}
