namespace TorchSharp;

/// <summary>
/// Disposes, when it ends, every tensor made on its thread while it was the innermost scope, except those moved out. A scope belongs to the
/// thread that opened it; a tensor in it may be disposed from any thread.
/// </summary>
public sealed class DisposeScope : IDisposable
{
    // A tensor knows its slot, so that leaving the scope costs no search; the last item fills the hole.
    private readonly List<torch.Tensor> _items = [];
    private readonly DisposeScopeManager _manager;
    private bool _disposed;

    internal DisposeScope(DisposeScopeManager manager)
    {
        _manager = manager;
        OuterScope = manager.CurrentDisposeScope;
    }

    internal DisposeScope? OuterScope { get; set; }

    public int DisposablesCount
    {
        get
        {
            lock (_items)
            {
                return _items.Count;
            }
        }
    }

    public IReadOnlyList<IDisposable> DisposablesView
    {
        get
        {
            lock (_items)
            {
                return _items.ToArray();
            }
        }
    }

    public T MoveToOuter<T>(T disposable)
        where T : IDisposable => MoveToOther(OuterScope, disposable);

    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second)
        where T1 : IDisposable
        where T2 : IDisposable => (MoveToOuter(first), MoveToOuter(second));

    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable
        where T2 : IDisposable
        where T3 : IDisposable => (MoveToOuter(first), MoveToOuter(second), MoveToOuter(third));

    public void MoveToOuter(params IDisposable[] disposables) => MoveToOther(OuterScope, (IEnumerable<IDisposable>)disposables);

    public void MoveToOuter(IEnumerable<IDisposable> disposables) => MoveToOther(OuterScope, disposables);

    /// <summary>Hands an item of this scope to another one; null detaches it. An item of another scope stays where it is.</summary>
    public T MoveToOther<T>(DisposeScope? scope, T disposable)
        where T : IDisposable
    {
        torch.Tensor tensor = AsTensor(disposable);
        if (Remove(tensor))
        {
            if (scope is null)
            {
                _manager.StatisticsInstance.TensorStatistics.DetachedFromScopeCount++;
            }
            else
            {
                scope.Add(tensor);
            }
        }

        return disposable;
    }

    public void MoveToOther(DisposeScope? scope, params IDisposable[] disposables) => MoveToOther(scope, (IEnumerable<IDisposable>)disposables);

    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        foreach (IDisposable disposable in disposables)
        {
            MoveToOther(scope, disposable);
        }
    }

    /// <summary>Takes an item out of all scopes: from now on its owner disposes it.</summary>
    public T Detach<T>(T disposable)
        where T : IDisposable => MoveToOther(null, disposable);

    public (T1 first, T2 second) Detach<T1, T2>(T1 first, T2 second)
        where T1 : IDisposable
        where T2 : IDisposable => (Detach(first), Detach(second));

    public (T1 first, T2 second, T3 third) Detach<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable
        where T2 : IDisposable
        where T3 : IDisposable => (Detach(first), Detach(second), Detach(third));

    public void Detach(params IDisposable[] disposables) => MoveToOther(null, (IEnumerable<IDisposable>)disposables);

    public void Detach(IEnumerable<IDisposable> disposables) => MoveToOther(null, disposables);

    public void Attach(IDisposable disposable) => AttachOne(disposable);

    public void Attach(params IDisposable[] disposables) => Attach((IEnumerable<IDisposable>)disposables);

    public IReadOnlyList<IDisposable> Attach(IEnumerable<IDisposable> disposables)
    {
        List<IDisposable> attached = [.. disposables];
        attached.ForEach(AttachOne);
        return attached;
    }

    public bool Contains(IDisposable disposable) => disposable is torch.Tensor tensor && tensor.OwningDisposeScope == this;

    public void MarkAsDisposed(IDisposable disposable) => Remove(AsTensor(disposable));

    public void DisposeEverything() => DisposeEverythingBut();

    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        var keep = new HashSet<IDisposable>(inKeep, ReferenceEqualityComparer.Instance);
        torch.Tensor[] items;
        lock (_items)
        {
            items = [.. _items];
        }

        foreach (torch.Tensor tensor in items)
        {
            if (!keep.Contains(tensor))
            {
                tensor.Dispose();
            }
        }
    }

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    public T DisposeEverythingBut<T>(T keep)
        where T : IDisposable
    {
        DisposeEverythingBut(new IDisposable[] { keep });
        return keep;
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        while (TakeLast() is { } tensor)
        {
            tensor.Dispose();
        }

        _manager.Leave(this);
    }

    internal void Add(torch.Tensor tensor)
    {
        lock (_items)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            tensor.OwningDisposeScope = this;
            tensor.ScopeSlot = _items.Count;
            _items.Add(tensor);
        }
    }

    internal bool Remove(torch.Tensor tensor)
    {
        lock (_items)
        {
            if (tensor.OwningDisposeScope != this)
            {
                return false;
            }

            torch.Tensor last = _items[^1];
            _items[tensor.ScopeSlot] = last;
            last.ScopeSlot = tensor.ScopeSlot;
            _items.RemoveAt(_items.Count - 1);
            tensor.OwningDisposeScope = null;
            return true;
        }
    }

    private static torch.Tensor AsTensor(IDisposable disposable) =>
        disposable as torch.Tensor ?? throw new InvalidOperationException($"a dispose scope holds tensors, not {disposable?.GetType().Name ?? "null"}");

    private void AttachOne(IDisposable disposable)
    {
        torch.Tensor tensor = AsTensor(disposable);
        if (tensor.OwningDisposeScope == this)
        {
            return;
        }

        tensor.OwningDisposeScope?.Remove(tensor);
        Add(tensor);
        _manager.StatisticsInstance.TensorStatistics.AttachedToScopeCount++;
    }

    private torch.Tensor? TakeLast()
    {
        lock (_items)
        {
            if (_items.Count == 0)
            {
                return null;
            }

            torch.Tensor tensor = _items[^1];
            _items.RemoveAt(_items.Count - 1);
            tensor.OwningDisposeScope = null;
            _manager.StatisticsInstance.TensorStatistics.DisposedInScopeCount++;
            _manager.StatisticsInstance.TensorStatistics.DisposedOutsideScopeCount--; // Dispose below counts it there.
            return tensor;
        }
    }
}

/// <summary>The scopes and the counts of one thread.</summary>
public class DisposeScopeManager
{
    [ThreadStatic]
    private static DisposeScopeManager? _threadSingleton;

    public static ThreadDisposeScopeStatistics Statistics => ThreadSingleton.StatisticsInstance;

    internal static DisposeScopeManager ThreadSingleton => _threadSingleton ??= new DisposeScopeManager();

    internal DisposeScope? CurrentDisposeScope { get; private set; }

    internal ThreadDisposeScopeStatistics StatisticsInstance { get; } = new();

    internal void Register(torch.Tensor tensor)
    {
        if (CurrentDisposeScope is { } scope)
        {
            StatisticsInstance.TensorStatistics.CreatedInScopeCount++;
            scope.Add(tensor);
        }
        else
        {
            StatisticsInstance.TensorStatistics.CreatedOutsideScopeCount++;
        }
    }

    internal DisposeScope Enter() => CurrentDisposeScope = new DisposeScope(this);

    internal void Leave(DisposeScope scope)
    {
        if (CurrentDisposeScope == scope)
        {
            CurrentDisposeScope = scope.OuterScope;
            return;
        }

        // Scopes that end out of order: take it out of the chain.
        for (DisposeScope? inner = CurrentDisposeScope; inner is not null; inner = inner.OuterScope)
        {
            if (inner.OuterScope == scope)
            {
                inner.OuterScope = scope.OuterScope;
                return;
            }
        }
    }
}

/// <summary>How many tensors a thread made and disposed.</summary>
public class ThreadDisposeScopeStatistics
{
    public LifetimeStatistics TensorStatistics { get; } = new();

    public long CreatedOutsideScopeCount => TensorStatistics.CreatedOutsideScopeCount;

    public long DisposedOutsideScopeCount => TensorStatistics.DisposedOutsideScopeCount;

    public long CreatedInScopeCount => TensorStatistics.CreatedInScopeCount;

    public long DisposedInScopeCount => TensorStatistics.DisposedInScopeCount;

    public long AttachedToScopeCount => TensorStatistics.AttachedToScopeCount;

    public long DetachedFromScopeCount => TensorStatistics.DetachedFromScopeCount;

    public long ThreadTotalLiveCount => TensorStatistics.ThreadTotalLiveCount;

    public void Reset() => TensorStatistics.Reset();

    public override string ToString() => TensorStatistics.ToString();
}

public class LifetimeStatistics
{
    public long CreatedOutsideScopeCount { get; internal set; }

    public long DisposedOutsideScopeCount { get; internal set; }

    public long CreatedInScopeCount { get; internal set; }

    public long DisposedInScopeCount { get; internal set; }

    public long AttachedToScopeCount { get; internal set; }

    public long DetachedFromScopeCount { get; internal set; }

    public long ThreadTotalLiveCount => CreatedInScopeCount - DisposedInScopeCount + CreatedOutsideScopeCount - DisposedOutsideScopeCount;

    public void Reset()
    {
        CreatedOutsideScopeCount = 0;
        DisposedOutsideScopeCount = 0;
        CreatedInScopeCount = 0;
        DisposedInScopeCount = 0;
        AttachedToScopeCount = 0;
        DetachedFromScopeCount = 0;
    }

    public override string ToString() =>
        $"ThreadTotalLiveCount: {ThreadTotalLiveCount}; CreatedOutsideScopeCount: {CreatedOutsideScopeCount}; DisposedOutsideScopeCount: {DisposedOutsideScopeCount}; "
        + $"CreatedInScopeCount: {CreatedInScopeCount}; DisposedInScopeCount: {DisposedInScopeCount}; AttachedToScopeCount: {AttachedToScopeCount}; "
        + $"DetachedFromScopeCount: {DetachedFromScopeCount}";
}

public static partial class torch
{
    /// <summary>Opens a scope on this thread; what is made until its Dispose is disposed with it.</summary>
    public static DisposeScope NewDisposeScope() => DisposeScopeManager.ThreadSingleton.Enter();

    public static DisposeScope? CurrentDisposeScope => DisposeScopeManager.ThreadSingleton.CurrentDisposeScope;

    /// <summary>Runs an expression in a scope of its own and keeps its result.</summary>
    public static Tensor WrappedTensorDisposeScope(Func<Tensor> expr)
    {
        using DisposeScope scope = NewDisposeScope();
        return expr().MoveToOuterDisposeScope();
    }
}
