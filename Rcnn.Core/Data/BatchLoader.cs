using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Core.Data;

/// <summary>
/// Batches of a dataset, prepared ahead by worker threads. The batches of an epoch are a function of (options, epoch): the number of workers, the cache and
/// where a resumed epoch starts make no difference. Tensors are made in the calling thread.
/// </summary>
public sealed class BatchLoader : IDisposable
{
    private readonly IDetectionDataset _dataset;
    private readonly LoaderOptions _options;
    private readonly SampleReader _reader;
    private readonly TaskFactory? _workers;
    private readonly CancellationTokenSource _disposed = new();

    /// <exception cref="RcnnException">An option outside its range.</exception>
    public BatchLoader(IDetectionDataset dataset, LoaderOptions options)
    {
        options.Validate();
        (_dataset, _options, _reader) = (dataset, options, new SampleReader(dataset, options));
        _workers = options.Workers == 0 ? null : new TaskFactory(new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, options.Workers).ConcurrentScheduler);
    }

    public int BatchesPerEpoch => _options.DropLast ? _dataset.Count / _options.BatchSize : (_dataset.Count + _options.BatchSize - 1) / _options.BatchSize;

    /// <summary>The batches of <paramref name="epoch"/>; the caller disposes each.</summary>
    /// <param name="epoch">0, 1, …</param>
    /// <param name="skipBatches">Batches at the beginning to leave out, without reading them.</param>
    /// <param name="cancellation">Ends with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="RcnnException">An image cannot be used; names the file. Batches before it have been returned.</exception>
    public IEnumerable<Batch> Epoch(int epoch, int skipBatches = 0, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(skipBatches);
        ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
        return Iterate(epoch, skipBatches, cancellation);
    }

    /// <summary>Stops what workers still have to do.</summary>
    public void Dispose() => _disposed.Cancel();

    private IEnumerable<Batch> Iterate(int epoch, int skipBatches, CancellationToken cancellation)
    {
        int[] order = Order(epoch);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _disposed.Token);
        var ahead = new Queue<Task<Sample>[]>();
        int prefetch = _workers is null ? 0 : _options.Prefetch;
        int next = skipBatches;
        try
        {
            for (int batch = skipBatches; batch < BatchesPerEpoch; batch++)
            {
                for (; next < BatchesPerEpoch && next <= batch + prefetch; next++)
                {
                    int first = next * _options.BatchSize, size = Math.Min(_options.BatchSize, order.Length - first);
                    ahead.Enqueue([.. order.AsSpan(first, size).ToArray().Select(i => Start(epoch, i, stop.Token))]);
                }

                stop.Token.ThrowIfCancellationRequested();
                Batch assembled = Assemble(ahead.Peek());
                ahead.Dequeue();
                yield return assembled;
            }
        }
        finally
        {
            // Tasks that have not started end at once; the others finish their image. Their errors belong to batches nobody asked for.
            stop.Cancel();
            Task.WhenAll(ahead.SelectMany(b => b)).ContinueWith(t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Wait();
        }
    }

    private int[] Order(int epoch) => _options.Shuffle
        ? new RandomStream(_options.Seed, $"order/{epoch}").Permutation(_dataset.Count)
        : [.. Enumerable.Range(0, _dataset.Count)];

    private Task<Sample> Start(int epoch, int index, CancellationToken stop) =>
        _workers is null ? new Task<Sample>(() => Read(epoch, index), stop) : _workers.StartNew(() => Read(epoch, index), stop);

    private Sample Read(int epoch, int index)
    {
        try
        {
            return _reader.Read(epoch, index);
        }
        catch (Exception e) when (e is not (RcnnException or OperationCanceledException))
        {
            throw new RcnnException($"{_dataset.Name}, image {index}: {e.Message}", inner: e);
        }
    }

    private Batch Assemble(Task<Sample>[] tasks)
    {
        var samples = new Sample[tasks.Length];
        for (int i = 0; i < tasks.Length; i++)
        {
            if (_workers is null)
            {
                tasks[i].RunSynchronously();
            }

            samples[i] = tasks[i].GetAwaiter().GetResult();
        }

        return new Batch(
            [.. samples.Select(s => s.Index)],
            [.. samples.Select(s => tensor(s.Image.Pixels, [s.Image.Height, s.Image.Width, 3], dtype: uint8))],
            [.. samples.Select(ToTarget)]);
    }

    private static Target ToTarget(Sample sample)
    {
        return new Target(
            Corners(sample.Boxes),
            tensor(sample.Labels.Select(l => (long)l).ToArray(), [sample.Labels.Count]),
            sample.ImageId,
            sample.Masks is null ? null : Stack(sample),
            sample.Proposals is null ? null : Corners(sample.Proposals));
    }

    /// <summary>[N,4] float32.</summary>
    public static Tensor Corners(IReadOnlyList<Box> boxes)
    {
        var corners = new float[boxes.Count * 4];
        for (int i = 0; i < boxes.Count; i++)
        {
            Box b = boxes[i];
            (corners[4 * i], corners[(4 * i) + 1], corners[(4 * i) + 2], corners[(4 * i) + 3]) = ((float)b.X1, (float)b.Y1, (float)b.X2, (float)b.Y2);
        }

        return tensor(corners, [boxes.Count, 4]);
    }

    private static Tensor Stack(Sample sample)
    {
        int height = sample.Image.Height, width = sample.Image.Width, pixels = height * width;
        var bytes = new byte[checked(sample.Masks!.Count * pixels)];
        for (int i = 0; i < sample.Masks.Count; i++)
        {
            sample.Masks[i].Pixels.CopyTo(bytes.AsSpan(i * pixels, pixels));
        }

        return tensor(bytes, [sample.Masks.Count, height, width], dtype: uint8);
    }
}
