using Rcnn.Core.Models.Backbones;
using Rcnn.Core.Models.Input;
using Rcnn.Core.Models.Output;
using Rcnn.Core.Models.Stage1Proposals;
using Rcnn.Core.Models.Stage2Regions;

namespace Rcnn.Core.Models.Assemblies;

/// <summary>
/// Faster R-CNN on a single map of stride 16. The head on the pooled regions is what the backbone has left: VGG's and AlexNet's two fully
/// connected layers (Ren et al. 2015), a ResNet's last stage (He et al. 2016, appendix A), or, for the small networks, two new layers.
/// </summary>
public static class FasterRcnnC4
{
    public static TwoStageDetector Create(DetectorConfig config)
    {
        if (config.Backbone.Fpn)
        {
            throw RcnnException.Usage("model.backbone.fpn: false expected for faster-rcnn-c4, got true");
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
