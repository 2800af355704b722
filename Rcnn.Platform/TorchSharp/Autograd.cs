using TorchSharp.Interop;

namespace TorchSharp;

public static unsafe partial class torch
{
    public partial class Tensor
    {
        /// <summary>Adds to the grad of every leaf below this scalar. Exceptions of custom functions arrive as they were thrown.</summary>
        public void backward() => backward(null);

        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);
    }

    public static partial class autograd
    {
        /// <summary>The gradients of the sum of <paramref name="outputs"/>, weighted by <paramref name="grad_outputs"/>, without touching any grad.</summary>
        public static IList<Tensor> grad(IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null, bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            var results = new nint[inputs.Count];
            fixed (nint* o = Handles(outputs))
            fixed (nint* i = Handles(inputs))
            fixed (nint* g = Handles(grad_outputs))
            fixed (nint* r = results)
            {
                int failed = Native.rcnn_grad(o, outputs.Count, i, inputs.Count, g, retain_graph || create_graph ? 1 : 0, create_graph ? 1 : 0, allow_unused ? 1 : 0, r);
                KeepAlive(outputs, inputs, grad_outputs);
                Native.Check(failed);
            }

            return [.. results.Select(handle => new Tensor(handle))];
        }

        public static void backward(IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
        {
            fixed (nint* t = Handles(tensors))
            fixed (nint* g = Handles(grad_tensors))
            fixed (nint* i = Handles(inputs))
            {
                int failed = Native.rcnn_backward(t, tensors.Count, g, retain_graph ?? create_graph ? 1 : 0, create_graph ? 1 : 0, i, inputs?.Count ?? 0);
                KeepAlive(tensors, grad_tensors, inputs);
                Native.Check(failed);
            }
        }

        public static void backward(Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], grad_tensors, retain_graph, create_graph, inputs);

        public static void backward(Tensor tensor, Tensor grad_tensor, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], [grad_tensor], retain_graph, create_graph, inputs);

        internal static nint[]? Handles(IList<Tensor>? tensors)
        {
            if (tensors is null)
            {
                return null;
            }

            var handles = new nint[tensors.Count];
            for (int i = 0; i < handles.Length; i++)
            {
                handles[i] = tensors[i]?.Handle ?? 0;
            }

            return handles;
        }

        internal static void KeepAlive(params ReadOnlySpan<IList<Tensor>?> lists)
        {
            foreach (IList<Tensor>? list in lists)
            {
                for (int i = 0; i < list?.Count; i++)
                {
                    GC.KeepAlive(list[i]);
                }
            }
        }
    }
}
