namespace Rcnn.Core;

/// <summary>Height and width in pixels, in the order of tensor dimensions.</summary>
public readonly record struct ImageSize(int Height, int Width);
