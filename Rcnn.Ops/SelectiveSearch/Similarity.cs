namespace Rcnn.Ops;

/// <summary>The parts of the similarity of two regions; chosen ones count alike (Uijlings et al. 2013, §4.2). Each lies in 0 … 1.</summary>
[Flags]
public enum Similarity
{
    /// <summary>Intersection of colour histograms of 25 bins a channel.</summary>
    Colour = 1,

    /// <summary>Intersection of histograms of derivatives: 8 directions of 10 bins a channel.</summary>
    Texture = 2,

    /// <summary>1 − (|a| + |b|) / |image|: small regions merge early.</summary>
    Size = 4,

    /// <summary>1 − (|box around both| − |a| − |b|) / |image|: regions that fit into each other merge early.</summary>
    Fill = 8,

    /// <summary>All four.</summary>
    All = Colour | Texture | Size | Fill,
}
