using TorchSharp.Interop;

namespace TorchSharp;

public static unsafe partial class torch
{
    /// <summary>A stream of random numbers, independent of the default one.</summary>
    public class Generator : IDisposable
    {
        private static readonly Lazy<Generator> Shared = new(() => new Generator(FromDefault(), CPU));

        private nint _handle;

        public Generator(ulong seed = 0, Device? device = null)
            : this(Create(seed, device ?? CPU), device ?? CPU)
        {
        }

        private Generator(nint handle, Device device)
        {
            _handle = handle;
            this.device = device;
        }

        ~Generator() => Release();

        /// <summary>The stream that operations use when they are given none.</summary>
        public static Generator Default => Shared.Value;

        public nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(Generator), "the generator was disposed");

        public Device device { get; }

        public Generator manual_seed(long seed)
        {
            EnsureInitialized();
            Native.Check(Native.rcnn_generator_seed(Handle, unchecked((ulong)seed)));
            GC.KeepAlive(this);
            return this;
        }

        /// <summary>Seeds from the system and returns the seed.</summary>
        public long seed()
        {
            long seed = unchecked((long)Native.rcnn_generator_fresh_seed(Handle));
            GC.KeepAlive(this);
            return seed;
        }

        public long initial_seed()
        {
            long seed = unchecked((long)Native.rcnn_generator_initial_seed(Handle));
            GC.KeepAlive(this);
            return seed;
        }

        /// <summary>The whole state as a uint8 tensor; set_state continues from it bit for bit.</summary>
        public Tensor get_state()
        {
            nint state;
            Native.Check(Native.rcnn_generator_get_state(Handle, &state));
            GC.KeepAlive(this);
            return new Tensor(state);
        }

        public void set_state(Tensor value)
        {
            Native.Check(Native.rcnn_generator_set_state(Handle, value.Handle));
            GC.KeepAlive(this);
            GC.KeepAlive(value);
        }

        public void Dispose()
        {
            if (!Shared.IsValueCreated || !ReferenceEquals(this, Shared.Value))
            {
                Release();
                GC.SuppressFinalize(this);
            }
        }

        private static nint Create(ulong seed, Device device)
        {
            EnsureInitialized();
            nint handle;
            Native.Check(Native.rcnn_generator_new(seed, (int)device.type, device.index, &handle));
            return handle;
        }

        private static nint FromDefault()
        {
            EnsureInitialized();
            nint handle;
            Native.Check(Native.rcnn_generator_default((int)DeviceType.CPU, -1, &handle));
            return handle;
        }

        private void Release()
        {
            nint handle = Interlocked.Exchange(ref _handle, 0);
            if (handle != 0)
            {
                Native.rcnn_generator_free(handle);
            }
        }
    }

    public static partial class random
    {
        /// <summary>Seeds the default streams of all devices.</summary>
        public static Generator manual_seed(long seed)
        {
            EnsureInitialized();
            Native.Check(Native.rcnn_manual_seed(unchecked((ulong)seed)));
            return Generator.Default;
        }

        public static long seed() => Generator.Default.seed();

        public static long initial_seed() => Generator.Default.initial_seed();

        public static Tensor get_rng_state() => Generator.Default.get_state();

        public static void set_rng_state(Tensor new_state) => Generator.Default.set_state(new_state);
    }

    public static Generator manual_seed(long seed) => random.manual_seed(seed);

    public static long seed() => random.seed();

    public static long initial_seed() => random.initial_seed();

    public static Tensor get_rng_state() => random.get_rng_state();

    public static void set_rng_state(Tensor new_state) => random.set_rng_state(new_state);

    public static Tensor bernoulli(Tensor input, Generator? generator = null) => input.bernoulli(generator);

    public static Tensor multinomial(Tensor input, long num_samples, bool replacement = false, Generator? generator = null) => input.multinomial(num_samples, replacement, generator);

    public partial class Tensor
    {
        public Tensor bernoulli(Generator? generator = null) => Aten.bernoulli.Call(this, generator);

        public Tensor multinomial(long num_samples, bool replacement = false, Generator? generator = null) => Aten.multinomial.Call(this, num_samples, replacement, generator);

        public Tensor bernoulli_(double p = 0.5, Generator? generator = null)
        {
            Aten.bernoulli__float.Do(this, p, generator);
            return this;
        }

        public Tensor normal_(double mean = 0.0, double std = 1.0, Generator? generator = null)
        {
            Aten.normal_.Do(this, mean, std, generator);
            return this;
        }

        public Tensor uniform_(double from, double to, Generator? generator = null)
        {
            Aten.uniform_.Do(this, from, to, generator);
            return this;
        }

        public Tensor random_(double from, double to, Generator? generator = null)
        {
            Aten.random__from.Do(this, (long)from, (long)to, generator);
            return this;
        }

        public Tensor exponential_(double lambda = 1.0, Generator? generator = null)
        {
            Aten.exponential_.Do(this, lambda, generator);
            return this;
        }
    }
}
