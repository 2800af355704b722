namespace Rcnn.Core.Data.Synthetic;

/// <summary>What scenes look like. Sizes in pixels; ranges are uniform, but small sides are more frequent than large ones.</summary>
public sealed record SceneOptions
{
    public static readonly SceneOptions Standard = new();

    /// <summary>Few, upright, large shapes on quiet ground: for tests that must learn within seconds.</summary>
    public static readonly SceneOptions Easy = new()
    {
        Preset = "easy", Width = 128, Height = 96, MaxObjects = 3, MinSide = 28, MaxSide = 60, MinClutter = 0, MaxClutter = 2, MaxTilt = 0, MaxNoise = 3, EmptyFraction = 0, MinVisible = 0.7, MinContrast = 70,
    };

    /// <summary>Crowded, small and large, much clutter, heavy noise.</summary>
    public static readonly SceneOptions Hard = new()
    {
        Preset = "hard", Width = 256, Height = 192, MinObjects = 3, MaxObjects = 12, MinSide = 14, MaxSide = 120, MinClutter = 10, MaxClutter = 24, MaxTilt = double.PositiveInfinity, MaxNoise = 14, MinVisible = 0.45, MinContrast = 25,
    };

    public string Preset { get; init; } = "standard";

    public int Width { get; init; } = 192;

    public int Height { get; init; } = 160;

    public int MinObjects { get; init; } = 1;

    public int MaxObjects { get; init; } = 5;

    /// <summary>Longer side of the upright shape.</summary>
    public double MinSide { get; init; } = 24;

    public double MaxSide { get; init; } = 88;

    /// <summary>Things that belong to no class: bars, ellipses, half discs, arcs, angles, lines.</summary>
    public int MinClutter { get; init; } = 2;

    public int MaxClutter { get; init; } = 7;

    /// <summary>Shapes lean to either side by an angle of at most this tangent: 0 keeps them upright, infinity turns them anywhere.</summary>
    public double MaxTilt { get; init; } = 0.5;

    /// <summary>Standard deviation of the sensor noise, in grey levels.</summary>
    public double MaxNoise { get; init; } = 6;

    /// <summary>Fraction of images without objects.</summary>
    public double EmptyFraction { get; init; } = 0.03;

    /// <summary>Least visible part of an object; a placement that would cover more of another one is not made.</summary>
    public double MinVisible { get; init; } = 0.7;

    /// <summary>Least mean difference between an object's main colour and what lies behind it, in grey levels.</summary>
    public double MinContrast { get; init; } = 55;
}
