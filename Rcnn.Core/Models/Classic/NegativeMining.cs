using Rcnn.Ops;

namespace Rcnn.Core.Models.Classic;

/// <summary>
/// One linear machine for each class on the features of all training regions. Objects are the positives. Image by image, regions below the negative IoU that the machine does not yet keep off are
/// added; after enough new ones it is trained again and forgets the easy ones (Girshick et al. 2014, §2.3 and the released code). Until a class is first trained every negative is hard.
/// </summary>
internal sealed class NegativeMining
{
    /// <summary>Images between two states when no machine is trained.</summary>
    private const int SaveEvery = 64;

    private readonly FeatureRow _row;
    private readonly IReadOnlyList<RcnnRegions> _images;
    private readonly int[] _starts;
    private readonly int _width;
    private readonly double _scale;
    private readonly SvmConfig _config;
    private readonly RandomStream _random;
    private readonly ClassState[] _classes;
    private int _epoch;
    private int _image;

    /// <param name="row">Features of a region by its number.</param>
    /// <param name="images">Regions, numbered image after image.</param>
    /// <param name="classes">C.</param>
    /// <param name="width">Numbers of a row.</param>
    /// <param name="scale">Factor on the rows.</param>
    public NegativeMining(FeatureRow row, IReadOnlyList<RcnnRegions> images, int classes, int width, double scale, SvmConfig config, RandomStream random)
    {
        (_row, _images, _width, _scale, _config, _random) = (row, images, width, scale, config, random);
        _starts = new int[images.Count + 1];
        for (int i = 0; i < images.Count; i++)
        {
            _starts[i + 1] = _starts[i] + images[i].Boxes.Length;
        }

        _classes = [.. Enumerable.Range(1, classes).Select(label => new ClassState(label, [.. Positives(label)]))];
    }

    /// <summary>How often each machine was trained and how many negatives it kept.</summary>
    public IReadOnlyList<(int Trainings, int Negatives)> Work => [.. _classes.Select(c => (c.Trainings, c.Negatives.Count))];

    /// <summary>Images done of all passes.</summary>
    public int Done => (_epoch * _images.Count) + _image;

    /// <summary>Where the mining stands: place, random stream, and the machine and negatives of each class. A mining of the same rows, regions and settings that takes it goes on to the same bits.</summary>
    public byte[] State
    {
        get
        {
            using var memory = new MemoryStream();
            using var writer = new BinaryWriter(memory);
            writer.Write(_epoch);
            writer.Write(_image);
            foreach (ulong word in _random.State)
            {
                writer.Write(word);
            }

            foreach (ClassState state in _classes)
            {
                state.Write(writer);
            }

            writer.Flush();
            return memory.ToArray();
        }

        set
        {
            using var reader = new BinaryReader(new MemoryStream(value));
            (_epoch, _image) = (reader.ReadInt32(), reader.ReadInt32());
            _random.State = [reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64()];
            foreach (ClassState state in _classes)
            {
                state.Read(reader);
            }
        }
    }

    /// <param name="progress">Told of the images done, of those of all passes; may be null.</param>
    /// <param name="cancellation">Ends the work between images and between trainings.</param>
    /// <param name="save">Called where <see cref="State"/> is worth keeping: after each image that trained a machine, now and then without one, and before a cancellation; may be null.</param>
    public LinearMachine[] Run(Action<int, int>? progress, CancellationToken cancellation, Action? save = null)
    {
        for (; _epoch < _config.Epochs; (_epoch, _image) = (_epoch + 1, 0))
        {
            while (_image < _images.Count)
            {
                StopWhenCancelled();
                bool trained = false;
                foreach (ClassState state in _classes)
                {
                    Add(state, _image);
                    if (state.New > _config.RetrainAfter)
                    {
                        Train(state);
                        trained = true;
                    }
                }

                _image++;
                if (trained || _image % SaveEvery == 0)
                {
                    save?.Invoke();
                }

                progress?.Invoke(Done, _config.Epochs * _images.Count);
            }

            // The end of a pass is entered again by a mining that was stopped in it; what is trained there is left out.
            foreach (ClassState state in _classes.Where(s => s.New > 0 || s.Machine is null))
            {
                StopWhenCancelled();
                Train(state);
                save?.Invoke();
            }
        }

        return [.. _classes.Select(s => s.Machine!)];

        void StopWhenCancelled()
        {
            if (cancellation.IsCancellationRequested)
            {
                save?.Invoke();
                cancellation.ThrowIfCancellationRequested();
            }
        }
    }

    private IEnumerable<int> Positives(int label)
    {
        for (int i = 0; i < _images.Count; i++)
        {
            for (int o = 0; o < _images[i].Objects.Count; o++)
            {
                if (_images[i].Labels[o] == label)
                {
                    yield return _starts[i] + o;
                }
            }
        }
    }

    private void Add(ClassState state, int image)
    {
        RcnnRegions regions = _images[image];
        for (int r = 0; r < regions.Boxes.Length; r++)
        {
            int index = _starts[image] + r;
            if (regions.Overlap(r, state.Label) < _config.NegativeIou && !state.Known.Contains(index)
                && (state.Machine is null || state.Machine.Margin(_row(index)) > _config.HardMargin))
            {
                state.Known.Add(index);
                state.Negatives.Add(index);
                state.New++;
            }
        }
    }

    private void Train(ClassState state)
    {
        int[] samples = [.. state.Positives, .. state.Negatives];
        bool[] positive = [.. samples.Select((_, i) => i < state.Positives.Length)];
        state.Machine = LinearSvm.Train(_row, samples, positive, _width, _scale, _config, _random).Machine;
        state.Trainings++;
        state.New = 0;
        state.Negatives.RemoveAll(n => state.Machine.Margin(_row(n)) < _config.EvictMargin);
        state.Known.IntersectWith(state.Negatives);
    }

    private sealed class ClassState(int label, int[] positives)
    {
        public int Label { get; } = label;

        public int[] Positives { get; } = positives;

        public List<int> Negatives { get; } = [];

        public HashSet<int> Known { get; } = [];

        public int New { get; set; }

        public int Trainings { get; set; }

        public LinearMachine? Machine { get; set; }

        public void Write(BinaryWriter writer)
        {
            writer.Write(New);
            writer.Write(Trainings);
            writer.Write(Negatives.Count);
            Negatives.ForEach(writer.Write);
            writer.Write(Machine is not null);
            if (Machine is { } machine)
            {
                writer.Write(machine.Weights.Length);
                Array.ForEach(machine.Weights, writer.Write);
                writer.Write(machine.Offset);
                writer.Write(machine.Scale);
            }
        }

        public void Read(BinaryReader reader)
        {
            (New, Trainings) = (reader.ReadInt32(), reader.ReadInt32());
            Negatives.Clear();
            Negatives.AddRange(Enumerable.Range(0, reader.ReadInt32()).Select(_ => reader.ReadInt32()));
            Known.Clear();
            Known.UnionWith(Negatives);
            Machine = reader.ReadBoolean()
                ? new LinearMachine([.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => reader.ReadDouble())], reader.ReadDouble(), reader.ReadDouble())
                : null;
        }
    }
}
