namespace Rcnn.Ops;

/// <summary>How a mask of M×M cells is stretched over its box.</summary>
public enum MaskPasteConvention
{
    /// <summary>The mask gets a border of zeros, the box grows by the same factor and is cut to whole pixels towards zero; bilinear, clamped at the border. A pixel belongs to the object above the threshold.</summary>
    Torchvision,

    /// <summary>Each pixel whose centre lies on the box, or less than a cell beside it, reads the mask there; bilinear, 0 outside of the mask. A pixel belongs to the object at the threshold or above.</summary>
    Detectron2,
}
