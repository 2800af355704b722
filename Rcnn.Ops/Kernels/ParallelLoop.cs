namespace Rcnn.Ops.Kernels;

/// <summary>
/// Runs the pieces of a kernel on up to <see cref="Threads"/> threads. Which thread runs which piece is open, so each piece writes
/// only what is its own; then the result is the same to the bit at any number of threads.
/// </summary>
internal static class ParallelLoop
{
    /// <summary>Threads that a kernel may use.</summary>
    public static int Threads => Engine.Threads;

    /// <summary>Calls <paramref name="body"/> once for each of 0 … <paramref name="pieces"/> − 1.</summary>
    public static void Run(int pieces, Action<int> body)
    {
        int threads = Math.Min(Threads, pieces);
        if (threads > 1)
        {
            Parallel.For(0, pieces, new ParallelOptions { MaxDegreeOfParallelism = threads }, body);
            return;
        }

        for (int i = 0; i < pieces; i++)
        {
            body(i);
        }
    }
}
