using System.Globalization;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Where a tensor lives: a kind of device and, where there are several, its index (−1: the current one).</summary>
    public class Device
    {
        public DeviceType type { get; }

        public int index { get; }

        /// <param name="description">"cpu", "cuda" or "cuda:1".</param>
        public Device(string description)
        {
            string[] parts = description.Split(':');
            if (parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], CultureInfo.InvariantCulture, out _)))
            {
                throw new FormatException($"device '{description}' is not of the form cpu, cuda or cuda:INDEX");
            }

            type = Parse(parts[0]);
            index = parts.Length == 2 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : -1;
        }

        public Device(string deviceType, int index = -1)
            : this(Parse(deviceType), index)
        {
        }

        public Device(DeviceType deviceType, int index = -1)
        {
            type = deviceType;
            this.index = index;
        }

        public Device(int index)
            : this(DeviceType.CUDA, index)
        {
        }

        public static implicit operator Device(string description) => new(description);

        public static bool operator ==(Device? left, Device? right) => left is null ? right is null : left.Equals(right);

        public static bool operator !=(Device? left, Device? right) => !(left == right);

        public override bool Equals(object? obj) => obj is Device other && other.type == type && Math.Max(0, other.index) == Math.Max(0, index);

        public override int GetHashCode() => HashCode.Combine(type, Math.Max(0, index));

        public override string ToString()
        {
            string name = type.ToString().ToLowerInvariant();
            return index < 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}:{index}");
        }

        private static DeviceType Parse(string name) => name.ToLowerInvariant() switch
        {
            "cpu" => DeviceType.CPU,
            "cuda" => DeviceType.CUDA,
            "meta" => DeviceType.META,
            _ => throw new FormatException($"device '{name}' is not cpu, cuda or meta"),
        };
    }

    public static readonly Device CPU = new(DeviceType.CPU);

    public static readonly Device META = new(DeviceType.META);

    public static Device CUDA => InitializeDevice(new Device(DeviceType.CUDA));

    public static Device device(string description) => InitializeDevice(new Device(description));

    public static Device device(string deviceType, int index = -1) => InitializeDevice(new Device(deviceType, index));

    public static Device device(DeviceType deviceType, int index = -1) => InitializeDevice(new Device(deviceType, index));

    public static Device device(int index) => InitializeDevice(new Device(index));

    /// <summary>The device itself; an error when this libtorch cannot serve it.</summary>
    public static Device InitializeDevice(Device? device)
    {
        if (device?.type == DeviceType.CUDA && !cuda.is_available())
        {
            throw new InvalidOperationException($"device '{device}' asked for, but this libtorch ({__version__}) has no CUDA");
        }

        return device ?? CPU;
    }
}
