namespace Rcnn.Ops;

/// <summary>Which of several equal scores goes first.</summary>
public enum TieOrder
{
    /// <summary>The lower index, as a stable sort leaves it.</summary>
    LowerIndexFirst,

    /// <summary>The higher index: a rising stable sort read backwards, the form of py-faster-rcnn's suppression.</summary>
    HigherIndexFirst,
}
