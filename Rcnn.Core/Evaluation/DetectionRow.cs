using Rcnn.Ops;

namespace Rcnn.Core.Evaluation;

/// <summary>One detection as COCO's result files hold it.</summary>
/// <param name="ImageId">Id of the image in the ground truth.</param>
/// <param name="CategoryId">Category id of the ground truth, not the label of the network.</param>
/// <param name="X">Left edge in pixels of the original image, half-open, pixel edges at whole numbers.</param>
/// <param name="Y">Upper edge.</param>
/// <param name="Width">≥ 0.</param>
/// <param name="Height">≥ 0.</param>
/// <param name="Score">Finite; higher is surer.</param>
/// <param name="Mask">The object's pixels, of the size of the image; null where there is only a box.</param>
public readonly record struct DetectionRow(long ImageId, int CategoryId, double X, double Y, double Width, double Height, double Score, Rle? Mask = null);
