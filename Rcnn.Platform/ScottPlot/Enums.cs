namespace ScottPlot;

/// <summary>Places inside a rectangle.</summary>
public enum Alignment
{
    UpperLeft,
    UpperRight,
    UpperCenter,
    MiddleLeft,
    MiddleCenter,
    MiddleRight,
    LowerLeft,
    LowerRight,
    LowerCenter,
}

/// <summary>How a line is drawn.</summary>
public enum LinePattern
{
    Solid,
    Dashed,
    Dotted,
}
