using System.Runtime.InteropServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static unsafe partial class torch
{
    public static partial class autograd
    {
        /// <summary>What a custom function remembers from forward to backward; one per application.</summary>
        public class AutogradContext : IDisposable
        {
            private readonly Dictionary<string, object> _data = [];
            private int _savedCount;

            internal AutogradContext()
            {
            }

            public bool MaterializeGrads { get; private set; } = true;

            // Set while the function runs: the native context lives no longer than that.
            internal ManagedCall* Call { get; set; }

            internal int[] VariablePositions { get; init; } = [];

            internal int ArgumentCount { get; init; }

            internal object[]? Arguments { get; set; }

            internal ManagedInvoke Invoke { get; init; } = null!;

            internal List<(long[] Shape, ScalarType Type, Device Device)> Outputs { get; } = [];

            /// <summary>Keeps inputs or outputs for backward; null entries stay null. Tensors of other origin may be saved too.</summary>
            public void save_for_backward(List<Tensor> tensors)
            {
                fixed (nint* handles = Handles(tensors))
                {
                    int failed = Native.rcnn_context_save(Call, handles, tensors.Count);
                    KeepAlive(tensors);
                    Native.Check(failed);
                }

                _savedCount = tensors.Count;
            }

            public List<Tensor> get_saved_variables()
            {
                var handles = new nint[_savedCount];
                fixed (nint* h = handles)
                {
                    Native.Check(Native.rcnn_context_saved(Call, h, handles.Length));
                }

                return [.. handles.Select(handle => Tensor.OwnOptional(handle)!)];
            }

            public void save_data(string key, object value) => _data[key] = value;

            public object get_data(string key) => _data.GetValueOrDefault(key)!;

            /// <summary>Names the inputs that forward changed in place.</summary>
            public void mark_dirty(List<Tensor> tensors) => Mark(tensors, dirty: true);

            /// <summary>Names the outputs that have no gradient.</summary>
            public void mark_non_differentiable(List<Tensor> tensors) => Mark(tensors, dirty: false);

            /// <summary>Whether backward sees zeros, as it does unless told otherwise, or null for an output that took no part.</summary>
            public void set_materialize_grads(bool value) => MaterializeGrads = value;

            public void Dispose()
            {
            }

            private void Mark(List<Tensor> tensors, bool dirty)
            {
                fixed (nint* handles = Handles(tensors))
                {
                    int failed = Native.rcnn_context_mark(Call, dirty ? 1 : 0, handles, tensors.Count);
                    KeepAlive(tensors);
                    Native.Check(failed);
                }
            }
        }

        internal delegate void ManagedInvoke(AutogradContext context, ManagedCall* call);

        /// <summary>The way from libtorch into custom functions; apart, because a generic type cannot hold unmanaged callbacks.</summary>
        private static class ManagedFunctions
        {
            internal static List<Tensor> Apply(AutogradContext context, List<Tensor> variables)
            {
                var state = GCHandle.Alloc(context);
                Value result;
                fixed (nint* handles = Handles(variables))
                {
                    int failed = Native.rcnn_apply((void*)GCHandle.ToIntPtr(state), &Run, &Drop, handles, variables.Count, &result);
                    KeepAlive(variables);
                    Native.Check(failed);
                }

                return [.. Op.OwnList(result)];
            }

            [UnmanagedCallersOnly]
            private static long Run(void* state, ManagedCall* call)
            {
                try
                {
                    var context = (AutogradContext)GCHandle.FromIntPtr((nint)state).Target!;
                    using DisposeScope scope = NewDisposeScope();
                    lock (context)
                    {
                        context.Call = call;
                        try
                        {
                            context.Invoke(context, call);
                        }
                        finally
                        {
                            context.Call = null;
                        }
                    }

                    return 0;
                }
                catch (Exception e)
                {
                    return ManagedExceptions.Keep(e);
                }
            }

            [UnmanagedCallersOnly]
            private static void Drop(void* state) => GCHandle.FromIntPtr((nint)state).Free();
        }

        /// <summary>
        /// An operation with a gradient of its own. One instance serves all applications: state belongs into the context.
        /// An exception in forward or backward reaches whoever called apply or backward as it was thrown.
        /// </summary>
        public abstract class Function<T>
            where T : Function<T>, new()
        {
            private static readonly T Instance = new();

            public abstract string Name { get; }

            internal abstract List<Tensor> ForwardAll(AutogradContext ctx, object[] vars);

            internal abstract List<Tensor> BackwardAll(AutogradContext ctx, List<Tensor> gradients);

            protected static List<Tensor> apply_internal(params object[] vars)
            {
                EnsureInitialized();
                var variables = new List<Tensor>();
                var positions = new List<int>();
                for (int i = 0; i < vars.Length; i++)
                {
                    if (vars[i] is Tensor tensor)
                    {
                        variables.Add(tensor);
                        positions.Add(i);
                    }
                }

                var context = new AutogradContext { VariablePositions = [.. positions], ArgumentCount = vars.Length, Arguments = vars, Invoke = Invoke };
                return ManagedFunctions.Apply(context, variables);
            }

            private static void Invoke(AutogradContext context, ManagedCall* call)
            {
                if (call->Backward == 0)
                {
                    object[] vars = context.Arguments!;
                    context.Arguments = null;
                    List<Tensor> outputs = Instance.ForwardAll(context, vars);
                    foreach (Tensor output in outputs)
                    {
                        Native.rcnn_call_output(call, output.Handle);
                        GC.KeepAlive(output);
                        context.Outputs.Add((output.shape, output.dtype, output.device));
                    }
                }
                else
                {
                    List<Tensor> gradients = Instance.BackwardAll(context, Gradients(context, call));
                    if (gradients.Count < context.ArgumentCount)
                    {
                        throw new InvalidOperationException($"backward of {Instance.Name} returned {gradients.Count} gradients for {context.ArgumentCount} arguments");
                    }

                    foreach (int position in context.VariablePositions)
                    {
                        Tensor? gradient = gradients[position];
                        Native.rcnn_call_output(call, gradient is null ? 0 : gradient.Handle);
                        GC.KeepAlive(gradient);
                    }
                }
            }

            private static List<Tensor> Gradients(AutogradContext context, ManagedCall* call)
            {
                var gradients = new List<Tensor>(call->InputCount);
                for (int i = 0; i < call->InputCount; i++)
                {
                    if (call->Inputs[i] != 0)
                    {
                        gradients.Add(new Tensor(Native.rcnn_retain(call->Inputs[i])));
                    }
                    else
                    {
                        (long[] shape, ScalarType type, Device device) = context.Outputs[i];
                        gradients.Add(context.MaterializeGrads ? zeros(shape, type, device) : null!);
                    }
                }

                return gradients;
            }
        }

        public abstract class SingleTensorFunction<T> : Function<T>
            where T : SingleTensorFunction<T>, new()
        {
            public static Tensor apply(params object[] vars) => apply_internal(vars)[0];

            public abstract Tensor forward(AutogradContext ctx, params object[] vars);

            /// <summary>One gradient for each argument of forward; null for those that are no tensors or need none.</summary>
            public abstract List<Tensor> backward(AutogradContext ctx, Tensor grad_output);

            internal sealed override List<Tensor> ForwardAll(AutogradContext ctx, object[] vars) => [forward(ctx, vars)];

            internal sealed override List<Tensor> BackwardAll(AutogradContext ctx, List<Tensor> gradients) => backward(ctx, gradients[0]);
        }

        public abstract class MultiTensorFunction<T> : Function<T>
            where T : MultiTensorFunction<T>, new()
        {
            public static List<Tensor> apply(params object[] vars) => apply_internal(vars);

            public abstract List<Tensor> forward(AutogradContext ctx, params object[] vars);

            public abstract List<Tensor> backward(AutogradContext ctx, List<Tensor> grad_outputs);

            internal sealed override List<Tensor> ForwardAll(AutogradContext ctx, object[] vars) => forward(ctx, vars);

            internal sealed override List<Tensor> BackwardAll(AutogradContext ctx, List<Tensor> gradients) => backward(ctx, gradients);
        }
    }
}
