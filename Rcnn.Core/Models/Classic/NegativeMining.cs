using Rcnn.Ops;

namespace Rcnn.Core.Models.Classic;

/// <summary>
/// One linear machine for each class on the features of all training regions. Objects are the positives. Image by image, regions below the negative IoU that the machine does not yet keep off are
/// added; after enough new ones it is trained again and forgets the easy ones (Girshick et al. 2014, §2.3 and the released code). Until a class is first trained every negative is hard.
/// </summary>
internal sealed class NegativeMining
{
    private readonly FeatureRow _row;
    private readonly IReadOnlyList<RcnnRegions> _images;
    private readonly int[] _starts;
    private readonly int _width;
    private readonly double _scale;
    private readonly SvmConfig _config;
    private readonly RandomStream _random;
    private readonly ClassState[] _classes;

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

    /// <param name="progress">Told of the images done, of those of all passes; may be null.</param>
    public LinearMachine[] Run(Action<int, int>? progress, CancellationToken cancellation)
    {
        for (int epoch = 0; epoch < _config.Epochs; epoch++)
        {
            for (int i = 0; i < _images.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                foreach (ClassState state in _classes)
                {
                    Add(state, i);
                    if (state.New > _config.RetrainAfter)
                    {
                        Train(state);
                    }
                }

                progress?.Invoke((epoch * _images.Count) + i + 1, _config.Epochs * _images.Count);
            }

            foreach (ClassState state in _classes.Where(s => s.New > 0 || s.Machine is null))
            {
                Train(state);
            }
        }

        return [.. _classes.Select(s => s.Machine!)];
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
    }
}
