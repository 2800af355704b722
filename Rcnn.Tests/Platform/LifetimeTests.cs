using Rcnn.Ops;
using TorchSharp;
using TorchSharp.Utils;
using Xunit;
using static TorchSharp.torch;

namespace Rcnn.Tests.Platform;

/// <summary>That no memory is freed too early, twice or never.</summary>
public sealed class LifetimeTests
{
    [Fact]
    public void Scope_DisposesWhatIsNotMovedOut()
    {
        Tensor lost, kept, detached;
        using (DisposeScope outer = NewDisposeScope())
        {
            using (DisposeScope inner = NewDisposeScope())
            {
                lost = ones(2);
                kept = inner.MoveToOuter(lost + 1);
                detached = (lost + 2).DetachFromDisposeScope();
                Assert.Equal(1, inner.DisposablesCount);
                Assert.Same(inner, CurrentDisposeScope);
            }

            Assert.True(lost.IsInvalid);
            Assert.False(kept.IsInvalid);
            Assert.True(outer.Contains(kept));
            Assert.Same(outer, CurrentDisposeScope);
        }

        Assert.True(kept.IsInvalid);
        Assert.False(detached.IsInvalid);
        detached.Dispose();
        Assert.Null(CurrentDisposeScope);
    }

    [Fact]
    public void Scope_ManyDisposedItems_LeaveNoTrace()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor first = ones(1);
        for (int i = 0; i < 1000; i++)
        {
            ones(1).Dispose();
        }

        Tensor last = ones(1);
        Assert.Equal(2, scope.DisposablesCount);
        first.Dispose();
        Assert.Equal([last], scope.DisposablesView);
        scope.DisposeEverythingBut(last);
        Assert.False(last.IsInvalid);
        scope.DisposeEverything();
        Assert.True(last.IsInvalid);
    }

    [Fact]
    public void Scope_AttachAndMoveBetweenScopes()
    {
        using DisposeScope outer = NewDisposeScope();
        Tensor free = ones(1).DetachFromDisposeScope();
        using (DisposeScope inner = NewDisposeScope())
        {
            inner.Attach(free);
            Assert.True(inner.Contains(free));
            free.MoveToOtherDisposeScope(outer);
            Assert.True(outer.Contains(free));
        }

        Assert.False(free.IsInvalid);
    }

    [Fact]
    public void Statistics_CountThisThread()
    {
        DisposeScopeManager.Statistics.Reset();
        using (NewDisposeScope())
        {
            _ = ones(1);
            ones(1).Dispose();
            Assert.Equal(2, DisposeScopeManager.Statistics.CreatedInScopeCount);
        }

        Assert.Equal(2, DisposeScopeManager.Statistics.DisposedInScopeCount);
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void UseAfterDispose_IsAnException()
    {
        Tensor t = ones(2);
        Tensor other = ones(2);
        TensorAccessor<float> data = t.data<float>();
        t.Dispose();
        t.Dispose();
        Assert.Throws<ObjectDisposedException>(() => t.shape);
        Assert.Throws<ObjectDisposedException>(() => t + other);
        Assert.Throws<ObjectDisposedException>(() => other + t);
        Assert.Throws<ObjectDisposedException>(() => { _ = cat(new[] { other, t }); });
        Assert.Throws<ObjectDisposedException>(() => t.backward());
        Assert.Throws<ObjectDisposedException>(() => { other.grad = t; });
        Assert.Equal(1, data[0]); // an accessor keeps the memory
        data.Dispose();
        Assert.Throws<ObjectDisposedException>(() => data[0]);
        other.Dispose();
    }

    [Fact]
    public void ErrorMessage_IsThatOfLibtorch_WithoutTrace()
    {
        using Tensor a = ones(2);
        using Tensor b = ones(3);
        var error = Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => a + b);
        Assert.Contains("The size of tensor a (2) must match", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("frame #", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Operations_UnderCollectionPressure_KeepTheirArgumentsAlive()
    {
        using var stop = new CancellationTokenSource();
        Thread[] pressure = [new Thread(() => Press(stop.Token)), new Thread(() => Press(stop.Token))];
        Array.ForEach(pressure, thread => thread.Start());
        try
        {
            for (int i = 0; i < 300; i++)
            {
                // Nothing here is held by anyone but the call itself: no scope, no variable that lives on.
                float sum = cat([full([40], (float)i), full([60], 2f) * (Scalar)1.0, ones(3)]).add(1, alpha: 2).sum().ToSingle();
                Assert.Equal((40f * (i + 2)) + (60 * 4) + (3 * 3), sum);
                Assert.Equal(6, ones(2, 3)[TensorIndex.Ellipsis, TensorIndex.Tensor(tensor(new long[] { 0, 1, 2 }))].sum().ToSingle());
            }
        }
        finally
        {
            stop.Cancel();
            Array.ForEach(pressure, thread => thread.Join());
        }

        static void Press(CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                for (int i = 0; i < 50; i++)
                {
                    _ = new byte[5000];
                    _ = ones(64);
                }

                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        }
    }

    [Fact]
    public void Scopes_OnSeveralThreads_AreIndependent()
    {
        Parallel.For(0, 8, n =>
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor t = full([10], (float)n);
            for (int i = 0; i < 200; i++)
            {
                using DisposeScope inner = NewDisposeScope();
                t = (t + 1).MoveToOuterDisposeScope();
            }

            Assert.Equal(n + 200, t[0].item<float>());
            Assert.Equal(201, scope.DisposablesCount - 1); // t[0] above
        });
    }

    [Fact]
    public void ScopedIterations_KeepMemoryFlat()
    {
        using Tensor x = ones(1000);
        void Iterate(int count)
        {
            for (int i = 0; i < count; i++)
            {
                using DisposeScope scope = NewDisposeScope();
                _ = ((x * 2) + x).relu();
            }
        }

        Iterate(2000);
        long before = Engine.ResidentBytes;
        Iterate(100_000); // 3 × 4 kB each: 1.2 GB if nothing were freed
        Assert.InRange(Engine.ResidentBytes - before, long.MinValue, 32 << 20);
    }

    [Fact]
    public void UnscopedTemporaries_AreFreedByTheCollector()
    {
        long before = Engine.ResidentBytes;
        for (int i = 0; i < 2000; i++)
        {
            _ = zeros(1 << 18); // 1 MiB: 2 GiB in all
        }

        Assert.InRange(Engine.ResidentBytes - before, long.MinValue, 1L << 30);
    }

    [Fact]
    public void Decoupled_HandleChangesOwner()
    {
        Tensor t = ones(2);
        nint handle = t.DecoupleFromNativeHandle();
        Assert.True(t.IsInvalid);
        using Tensor again = Tensor.UnsafeCreateTensor(handle);
        Assert.Equal(2, again.sum().ToSingle());
    }
}
