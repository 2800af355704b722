using System.Reflection;
using TorchSharp.Interop;
using TorchSharp.Modules;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>A part of a network: parameters, buffers and further modules under names. Not safe to use from two threads at once.</summary>
        public class Module : IDisposable
        {
            private readonly string _name;
            private readonly List<(string Name, Module Value)> _modules = [];
            private readonly List<(string Name, Parameter Value)> _parameters = [];
            private readonly List<(string Name, Tensor Value, bool Persistent)> _buffers = [];
            private bool _registered;
            private bool _training = true;

            protected Module(string name) => _name = name;

            public virtual bool training => _training;

            public virtual string GetName() => _name;

            public virtual void train(bool train = true)
            {
                _training = train;
                foreach ((_, Module child) in named_children())
                {
                    child.train(train);
                }
            }

            public virtual void eval() => train(false);

            public virtual Module apply(Action<Module> fn)
            {
                foreach ((_, Module child) in named_children())
                {
                    child.apply(fn);
                }

                fn(this);
                return this;
            }

            public virtual void zero_grad(bool set_to_none = true)
            {
                foreach (Parameter parameter in parameters())
                {
                    if (set_to_none)
                    {
                        parameter.grad = null;
                        continue;
                    }

                    using Tensor? gradient = parameter.grad;
                    gradient?.zero_();
                }
            }

            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
            {
                foreach ((string name, Parameter parameter) in _parameters)
                {
                    yield return (name, parameter);
                }

                if (!recurse)
                {
                    yield break;
                }

                foreach ((string child, Module module) in _modules)
                {
                    foreach ((string name, Parameter parameter) in module.named_parameters())
                    {
                        yield return (child + "." + name, parameter);
                    }
                }
            }

            public virtual IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(p => p.parameter);

            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true)
            {
                foreach ((string name, Tensor buffer, bool persistent) in _buffers)
                {
                    if (persistent || include_nonpersistent)
                    {
                        yield return (name, buffer);
                    }
                }

                if (!recurse)
                {
                    yield break;
                }

                foreach ((string child, Module module) in _modules)
                {
                    foreach ((string name, Tensor buffer) in module.named_buffers(true, include_nonpersistent))
                    {
                        yield return (child + "." + name, buffer);
                    }
                }
            }

            public virtual IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true) =>
                named_buffers(recurse, include_nonpersistent).Select(b => b.buffer);

            public virtual IEnumerable<(string name, Module module)> named_children() => _modules;

            public virtual IEnumerable<Module> children() => named_children().Select(c => c.module);

            public virtual IEnumerable<(string name, Module module)> named_modules()
            {
                foreach ((string name, Module module) in named_children())
                {
                    yield return (name, module);
                }

                foreach ((string name, Module module) in named_children())
                {
                    foreach ((string inner, Module below) in module.named_modules())
                    {
                        yield return (name + "." + inner, below);
                    }
                }
            }

            public virtual IEnumerable<Module> modules() => named_modules().Select(m => m.module);

            public virtual Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= [];
                string before = string.IsNullOrEmpty(prefix) ? "" : prefix + ".";
                foreach ((string name, Parameter parameter) in _parameters)
                {
                    destination.TryAdd(before + name, parameter);
                }

                foreach ((string name, Tensor buffer, bool persistent) in _buffers)
                {
                    if (persistent)
                    {
                        destination.TryAdd(before + name, buffer);
                    }
                }

                foreach ((string name, Module module) in _modules)
                {
                    module.state_dict(destination, before + name);
                }

                return destination;
            }

            /// <summary>Copies values in by name.</summary>
            /// <exception cref="InvalidOperationException"><paramref name="strict"/> and the names differ; names the first of each kind.</exception>
            public virtual (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(
                Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null)
            {
                skip ??= [];
                Dictionary<string, Tensor> destination = state_dict();
                List<string> unexpected = [.. source.Keys.Where(k => !skip.Contains(k) && !destination.ContainsKey(k))];
                List<string> missing = [.. destination.Keys.Where(k => !skip.Contains(k) && !source.ContainsKey(k))];
                if (strict && missing.Count + unexpected.Count > 0)
                {
                    throw new InvalidOperationException(
                        "The loaded state_dict is not identical to the target dictionary."
                        + (missing.Count > 0 ? $" {missing.Count} missing, first {missing[0]}." : "")
                        + (unexpected.Count > 0 ? $" {unexpected.Count} unexpected, first {unexpected[0]}." : ""));
                }

                using IDisposable guard = no_grad();
                foreach ((string key, Tensor value) in source)
                {
                    if (!skip.Contains(key) && destination.TryGetValue(key, out Tensor? own))
                    {
                        own.copy_(value);
                    }
                }

                return (missing, unexpected);
            }

            public virtual bool has_buffer(string target) => get_buffer(target) is not null;

            public virtual bool has_parameter(string target) => get_parameter(target) is not null;

            public virtual Tensor? get_buffer(string target) => named_buffers().FirstOrDefault(b => b.name == target).buffer;

            public virtual Parameter? get_parameter(string target) => named_parameters().FirstOrDefault(p => p.name == target).parameter;

            public virtual void register_buffer(string name, Tensor tensor, bool persistent = true)
            {
                ArgumentNullException.ThrowIfNull(tensor);
                if (_buffers.Any(b => b.Name == name))
                {
                    throw new InvalidOperationException($"Tensor {name} is already registered.");
                }

                _buffers.Add((name, tensor.DetachFromDisposeScope(), persistent));
            }

            public virtual void register_parameter(string name, Parameter param)
            {
                ArgumentNullException.ThrowIfNull(param);
                if (_parameters.Any(p => p.Name == name))
                {
                    throw new InvalidOperationException($"Parameter {name} is already registered.");
                }

                param.DetachFromDisposeScope();
                _parameters.Add((name, param));
            }

            public virtual void register_module(string name, Module submodule)
            {
                ArgumentNullException.ThrowIfNull(submodule);
                if (string.IsNullOrEmpty(name) || name.Contains('.', StringComparison.Ordinal))
                {
                    throw new ArgumentException($"a module name is not empty and has no dot, got '{name}'", nameof(name));
                }

                if (_modules.Any(m => m.Name == name))
                {
                    throw new InvalidOperationException($"Sub-module {name} is already registered.");
                }

                submodule.RegisterComponents();
                _modules.Add((name, submodule));
            }

            public void add_module(string name, Module module) => register_module(name, module);

            /// <summary>Registers what the fields hold and is not registered yet: base class first, each in order of declaration.</summary>
            protected virtual void RegisterComponents()
            {
                if (_registered)
                {
                    return;
                }

                var types = new Stack<Type>();
                for (Type? type = GetType(); type is not null && type != typeof(Module); type = type.BaseType)
                {
                    types.Push(type);
                }

                foreach (FieldInfo field in types.SelectMany(t => t.GetFields(
                    BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly).OrderBy(f => f.MetadataToken)))
                {
                    string name = field.ComponentName();
                    if (_modules.Any(m => m.Name == name) || _parameters.Any(p => p.Name == name) || _buffers.Any(b => b.Name == name))
                    {
                        continue;
                    }

                    switch (field.GetValue(this))
                    {
                        case Module module:
                            register_module(name, module);
                            break;
                        case Parameter parameter:
                            register_parameter(name, parameter);
                            break;
                        case Tensor tensor:
                            register_buffer(name, tensor);
                            break;
                    }
                }

                _registered = true;
            }

            /// <summary>Replaces the values of parameters and buffers in place, so that an optimizer keeps its references.</summary>
            protected internal virtual Module _to(Device? device, ScalarType? dtype, bool non_blocking)
            {
                using IDisposable guard = no_grad();
                foreach (Tensor tensor in parameters().Concat(buffers()))
                {
                    ScalarType target = dtype is { } type && tensor.is_floating_point() ? type : tensor.dtype;
                    if (target == tensor.dtype && (device is null || (device.type == tensor.device_type && (device.index < 0 || device.index == tensor.device_index))))
                    {
                        continue;
                    }

                    using Tensor moved = device is null ? tensor.to(target) : tensor.to(target, device);
                    Aten.set_data.Do(tensor, moved);
                }

                return this;
            }

            public Module save(string location, IList<string>? skip = null)
            {
                using FileStream stream = File.Create(location);
                using var writer = new BinaryWriter(stream);
                return save(writer, skip);
            }

            public Module save(BinaryWriter writer, IList<string>? skip = null)
            {
                List<KeyValuePair<string, Tensor>> entries = [.. state_dict().Where(e => skip is null || !skip.Contains(e.Key))];
                writer.Write7BitEncodedInt(entries.Count);
                foreach ((string name, Tensor value) in entries)
                {
                    writer.Write(name);
                    value.Save(writer);
                }

                return this;
            }

            public virtual Module load(string location, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
            {
                using FileStream stream = File.OpenRead(location);
                using var reader = new BinaryReader(stream);
                return load(reader, strict, skip, loadedParameters);
            }

            public virtual Module load(BinaryReader reader, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
            {
                using var scope = NewDisposeScope();
                var source = new Dictionary<string, Tensor>();
                for (int left = reader.Read7BitEncodedInt(); left > 0; left--)
                {
                    string name = reader.ReadString();
                    source[name] = Tensor.Load(reader);
                }

                load_state_dict(source, strict, skip);
                foreach (string name in source.Keys)
                {
                    loadedParameters?.TryAdd(name, skip is null || !skip.Contains(name));
                }

                return this;
            }

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected virtual void Dispose(bool disposing)
            {
                if (!disposing)
                {
                    return;
                }

                foreach ((_, Module module) in _modules)
                {
                    module.Dispose();
                }

                foreach ((_, Parameter parameter) in _parameters)
                {
                    parameter.Dispose();
                }

                foreach ((_, Tensor buffer, _) in _buffers)
                {
                    buffer.Dispose();
                }
            }
        }

        /// <summary>Something that maps one value to another.</summary>
        public interface IModule<T, TResult>
        {
            TResult call(T input1);
        }

        public abstract class Module<T, TResult>(string name) : Module(name), IModule<T, TResult>
        {
            public abstract TResult forward(T input);

            public TResult call(T input) => forward(input);
        }

        public abstract class Module<T1, T2, TResult>(string name) : Module(name)
        {
            public abstract TResult forward(T1 input1, T2 input2);

            public TResult call(T1 input1, T2 input2) => forward(input1, input2);
        }
    }
}

public static class FieldInfoExtensionMethods
{
    public static string ComponentName(this FieldInfo field) => field.GetCustomAttribute<ComponentNameAttribute>()?.Name ?? field.Name;
}

public static class ModuleExtensionMethods
{
    public static T to<T>(this T module, torch.ScalarType type, bool non_blocking = false)
        where T : torch.nn.Module => (T)module._to(null, type, non_blocking);

    public static T to<T>(this T module, torch.Device device, torch.ScalarType type, bool non_blocking = false)
        where T : torch.nn.Module => (T)module._to(device, type, non_blocking);

    public static T to<T>(this T module, torch.Device device, bool non_blocking = false)
        where T : torch.nn.Module => (T)module._to(device, null, non_blocking);
}
