namespace Rcnn.Ops;

/// <summary>What becomes of the samples of a bin.</summary>
public enum BinReduction
{
    /// <summary>Their mean; a sample outside the map counts as 0 (He et al. 2017, §3).</summary>
    Average,

    /// <summary>
    /// The largest interpolated value; a sample outside the map counts as 0. The gradient goes to the cells around the first sample, row by row, that is
    /// largest, by their bilinear weights. NaN never wins. ONNX RoiAlign, mode = max, as specified from opset 16 on.
    /// </summary>
    Max,
}
