namespace Rcnn.Cli.Golden;

/// <summary>Computes the outputs of one golden op; add it to <see cref="GoldenOps.All"/>.</summary>
internal interface IGoldenCase
{
    /// <summary>The <c>op</c> of case.json.</summary>
    string Op { get; }

    /// <summary>Whether all of it has kernels and runs on the device asked for; the others run on the CPU, and their result says so.</summary>
    bool OnDevice => false;

    /// <summary>
    /// Reads parameters and inputs from <paramref name="c"/>, computes, and hands every declared output to one of its <c>Check</c> methods.
    /// An exception fails the case; <see cref="GoldenContext.Skip"/> skips it.
    /// </summary>
    void Run(GoldenContext c);
}
