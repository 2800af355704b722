using System.Collections;
using TorchSharp.Modules;

namespace TorchSharp
{
    namespace Modules
    {
        /// <summary>Modules applied one after the other.</summary>
        public class Sequential : torch.nn.Module<torch.Tensor, torch.Tensor>
        {
            private readonly List<torch.nn.Module<torch.Tensor, torch.Tensor>> _chain = [];

            internal Sequential(IEnumerable<(string Name, torch.nn.Module<torch.Tensor, torch.Tensor> Module)> modules)
                : base(nameof(Sequential))
            {
                foreach ((string name, torch.nn.Module<torch.Tensor, torch.Tensor> module) in modules)
                {
                    append(name, module);
                }
            }

            public int Count => _chain.Count;

            public torch.nn.IModule<torch.Tensor, torch.Tensor> this[int index] => _chain[index];

            public Sequential append(string name, torch.nn.IModule<torch.Tensor, torch.Tensor> module)
            {
                register_module(name, (torch.nn.Module)module);
                _chain.Add((torch.nn.Module<torch.Tensor, torch.Tensor>)module);
                return this;
            }

            public Sequential append(torch.nn.IModule<torch.Tensor, torch.Tensor> module) =>
                append(Count.ToString(System.Globalization.CultureInfo.InvariantCulture), module);

            public override torch.Tensor forward(torch.Tensor input)
            {
                if (Count == 0)
                {
                    return input.alias();
                }

                torch.Tensor value = _chain[0].call(input);
                for (int i = 1; i < Count; i++)
                {
                    torch.Tensor next = _chain[i].call(value);
                    if (!ReferenceEquals(next, value))
                    {
                        value.Dispose();
                    }

                    value = next;
                }

                return value;
            }
        }

        /// <summary>Modules under the names 0, 1, …</summary>
        public class ModuleList<T> : torch.nn.Module, IReadOnlyList<T>
            where T : torch.nn.Module
        {
            private readonly List<T> _list = [];

            public ModuleList(params T[] modules)
                : base(nameof(ModuleList<T>)) => append(modules);

            public int Count => _list.Count;

            public T this[int index] => _list[index];

            public void Add(T item)
            {
                register_module(Count.ToString(System.Globalization.CultureInfo.InvariantCulture), item);
                _list.Add(item);
            }

            public void append(params T[] parameters)
            {
                foreach (T module in parameters)
                {
                    Add(module);
                }
            }

            public IEnumerator<T> GetEnumerator() => _list.GetEnumerator();

            IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
        }

        /// <summary>Modules under given names, in the order in which they were added.</summary>
        public class ModuleDict<T> : torch.nn.Module
            where T : torch.nn.Module
        {
            private readonly List<(string Name, T Module)> _list = [];

            public ModuleDict()
                : base(nameof(ModuleDict<T>))
            {
            }

            public int Count => _list.Count;

            public T this[string key] => TryGetValue(key, out T? value) ? value : throw new KeyNotFoundException($"no module '{key}'");

            public void Add(string key, T value)
            {
                register_module(key, value);
                _list.Add((key, value));
            }

            public bool ContainsKey(string key) => TryGetValue(key, out _);

            public bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T value)
            {
                value = _list.FirstOrDefault(e => e.Name == key).Module;
                return value is not null;
            }

            public IEnumerable<string> keys() => _list.Select(e => e.Name);

            public IEnumerable<T> values() => _list.Select(e => e.Module);
        }
    }

    public static partial class torch
    {
        public static partial class nn
        {
            public static Sequential Sequential() => new([]);

            public static Sequential Sequential(params Module<Tensor, Tensor>[] modules) => Sequential((IEnumerable<Module<Tensor, Tensor>>)modules);

            public static Sequential Sequential(IEnumerable<Module<Tensor, Tensor>> modules) =>
                new(modules.Select((m, i) => (i.ToString(System.Globalization.CultureInfo.InvariantCulture), m)));

            public static Sequential Sequential(params (string name, Module<Tensor, Tensor> submodule)[] modules) => new(modules);

            public static Sequential Sequential(IEnumerable<(string name, Module<Tensor, Tensor> submodule)> modules) => new(modules);

            public static ModuleList<T> ModuleList<T>(params T[] modules)
                where T : Module => new(modules);

            public static ModuleDict<T> ModuleDict<T>(params (string, T)[] modules)
                where T : Module
            {
                var result = new ModuleDict<T>();
                foreach ((string name, T module) in modules)
                {
                    result.Add(name, module);
                }

                return result;
            }
        }
    }
}
