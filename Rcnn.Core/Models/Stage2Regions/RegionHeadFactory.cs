namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>The head that <see cref="RoiConfig.Head"/> names.</summary>
public static class RegionHeadFactory
{
    /// <param name="channels">Of the pooled maps.</param>
    /// <exception cref="RcnnException">An unknown name, or a head that the backbone has no layers for.</exception>
    public static RegionHead Create(DetectorConfig config, int channels) => config.Roi.Head switch
    {
        "fc" => new BoxHead(channels, config.Roi.PoolSize, config.Roi.HeadWidth, config.Roi.Dropout),
        "conv-fc" => new ConvolutionHead(config.Roi, channels),
        "conv5" => new ResidualHead(config.Backbone),
        _ => throw RcnnException.Usage($"model.roi.head: fc, conv-fc or conv5 expected, got '{config.Roi.Head}'"),
    };
}
