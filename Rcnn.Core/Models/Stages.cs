namespace Rcnn.Core.Models;

/// <summary>The two stages of a detector, for training one of them alone.</summary>
[Flags]
public enum Stages
{
    /// <summary>Neither.</summary>
    None = 0,

    /// <summary>Stage 1, the proposal network.</summary>
    Proposals = 1,

    /// <summary>Stage 2, the heads on regions.</summary>
    Regions = 2,

    /// <summary>Approximate joint training (Ren et al. 2015, §3.2).</summary>
    Both = Proposals | Regions,
}
