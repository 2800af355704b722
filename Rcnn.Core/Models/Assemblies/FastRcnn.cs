using Rcnn.Core.Models.Backbones;
using Rcnn.Core.Models.Input;
using Rcnn.Core.Models.Output;
using Rcnn.Core.Models.Stage2Regions;

namespace Rcnn.Core.Models.Assemblies;

/// <summary>Fast R-CNN: one map, regions from outside, classified and refined by what the backbone has left as head. Girshick 2015.</summary>
public static class FastRcnn
{
    public static TwoStageDetector Create(DetectorConfig config)
    {
        if (config.Backbone.Fpn)
        {
            throw RcnnException.Usage("model.backbone.fpn: false expected for fast-rcnn, got true");
        }

        Backbone backbone = BackboneFactory.Create(config.Backbone);
        RegionHead head = RegionHeadFactory.Create(config, backbone.Channels[0]);
        return new TwoStageDetector(
            config,
            new InputTransform(config.Input),
            backbone,
            rpn: null,
            new RegionHeads(config.Roi, config.Classes, backbone.Levels, backbone.Channels[0], head),
            new DetectionOutput(config.Output, config.Roi));
    }
}
