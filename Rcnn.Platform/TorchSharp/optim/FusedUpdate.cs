using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>An elementwise update rule over flat float32 memory.</summary>
internal unsafe interface IFusedRule
{
    /// <summary>Updates <paramref name="count"/> elements of the parameter from its gradient and up to two state buffers (null where the rule has none).</summary>
    void Run(float* parameter, float* gradient, float* state1, float* state2, int count, long step);
}

/// <summary>
/// Runs an update rule over the memory of many tensors at once, in pieces that are shared among threads. Each element is computed on its own,
/// so the result is the same to the bit whatever the number of threads.
/// </summary>
internal sealed unsafe class FusedUpdate
{
    private const int PieceLength = 1 << 15;

    private readonly List<Piece> _pieces = [];
    private readonly List<Tensor> _held = [];

    /// <summary>False, and nothing done, unless all tensors are float32 on the CPU and lie in memory in the same dense order.</summary>
    public bool TryAdd(Tensor parameter, Tensor gradient, Tensor? state1, Tensor? state2, long step)
    {
        if (!DenseMemory.SameLayout(parameter, gradient)
            || (state1 is not null && !DenseMemory.SameLayout(parameter, state1))
            || (state2 is not null && !DenseMemory.SameLayout(parameter, state2)))
        {
            return false;
        }

        float* p = DenseMemory.Pointer(parameter), g = DenseMemory.Pointer(gradient);
        float* a = state1 is null ? null : DenseMemory.Pointer(state1);
        float* b = state2 is null ? null : DenseMemory.Pointer(state2);
        long length = parameter.numel();
        for (long start = 0; start < length; start += PieceLength)
        {
            _pieces.Add(new Piece(p + start, g + start, a is null ? null : a + start, b is null ? null : b + start, (int)Math.Min(PieceLength, length - start), step));
        }

        _held.Add(parameter);
        _held.Add(gradient);
        return true;
    }

    public void Run(IFusedRule rule)
    {
        DenseMemory.ForEach(_pieces.Count, i =>
        {
            Piece piece = _pieces[i];
            rule.Run(piece.Parameter, piece.Gradient, piece.State1, piece.State2, piece.Count, piece.Step);
        });
        GC.KeepAlive(_held);
    }

    private readonly struct Piece(float* parameter, float* gradient, float* state1, float* state2, int count, long step)
    {
        public readonly float* Parameter = parameter;
        public readonly float* Gradient = gradient;
        public readonly float* State1 = state1;
        public readonly float* State2 = state2;
        public readonly int Count = count;
        public readonly long Step = step;
    }
}
