using Rcnn.Ops;

namespace Rcnn.Core.Data;

/// <summary>A box to draw.</summary>
/// <param name="Box">Pixels of the image.</param>
/// <param name="Label">1..C: gives colour and name.</param>
/// <param name="Score">In [0,1]; null draws the name alone, as for ground truth.</param>
/// <param name="Mask">The object's pixels, drawn as a veil of its colour; null draws the box alone.</param>
public sealed record BoxLabel(Box Box, int Label, double? Score = null, Segmentation? Mask = null);
