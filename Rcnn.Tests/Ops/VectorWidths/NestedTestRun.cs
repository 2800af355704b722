using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Rcnn.Tests.Ops.VectorWidths;

/// <summary>Runs tests of this assembly in this process, with xunit's own discovery and execution, without a test host.</summary>
internal static class NestedTestRun
{
    /// <summary>Runs the classes of one namespace, not those below it, nor those with the trait Vectors=fingerprints: long ones, whose operators are compared by their bits.</summary>
    /// <returns>0 when tests ran and none failed.</returns>
    public static int Run(string area, TextWriter output)
    {
        using var messages = new Sink(output);
        using var framework = new XunitTestFramework(messages);
        using ITestFrameworkDiscoverer discoverer = framework.GetDiscoverer(Reflector.Wrap(typeof(NestedTestRun).Assembly));
        discoverer.Find(false, messages, new Options());
        messages.Discovered.Wait();
        ITestCase[] cases = [.. messages.Cases.Where(c => Namespace(c) == area && !(c.Traits.TryGetValue("Vectors", out List<string>? how) && how.Contains("fingerprints")))];
        using ITestFrameworkExecutor executor = framework.GetExecutor(Assembly.GetExecutingAssembly().GetName());
        executor.RunTests(cases, messages, new Options());
        messages.Finished.Wait();
        output.WriteLine($"{messages.Passed} passed, {messages.Failed} failed, {messages.Skipped} skipped");
        return messages.Failed == 0 && messages.Passed > 0 ? 0 : 1;
    }

    private static string Namespace(ITestCase test)
    {
        string name = test.TestMethod.TestClass.Class.Name;
        return name[..name.LastIndexOf('.')];
    }

    private sealed class Sink(TextWriter output) : LongLivedMarshalByRefObject, IMessageSink, IDisposable
    {
        public List<ITestCase> Cases { get; } = [];

        public ManualResetEventSlim Discovered { get; } = new();

        public ManualResetEventSlim Finished { get; } = new();

        public int Passed { get; private set; }

        public int Failed { get; private set; }

        public int Skipped { get; private set; }

        public bool OnMessage(IMessageSinkMessage message)
        {
            lock (Cases)
            {
                switch (message)
                {
                    case ITestCaseDiscoveryMessage found:
                        Cases.Add(found.TestCase);
                        break;
                    case IDiscoveryCompleteMessage:
                        Discovered.Set();
                        break;
                    case ITestPassed:
                        Passed++;
                        break;
                    case ITestSkipped:
                        Skipped++;
                        break;
                    case ITestFailed failed:
                        Failed++;
                        output.WriteLine($"FAIL {failed.Test.DisplayName}: {string.Join(" ", failed.Messages).ReplaceLineEndings(" ")}");
                        break;
                    case IErrorMessage error:
                        Failed++;
                        output.WriteLine($"FAIL {string.Join(" ", error.Messages).ReplaceLineEndings(" ")}");
                        break;
                    case ITestAssemblyFinished:
                        Finished.Set();
                        break;
                }
            }

            return true;
        }

        public void Dispose()
        {
            Discovered.Dispose();
            Finished.Dispose();
        }
    }

    private sealed class Options : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        // libtorch is called from one thread: no collections side by side.
        private readonly Dictionary<string, object?> _values = new()
        {
            ["xunit.execution.DisableParallelization"] = true,
            ["xunit.execution.SynchronousMessageReporting"] = true,
            ["xunit.discovery.SynchronousMessageReporting"] = true,
        };

        public TValue GetValue<TValue>(string name) => _values.TryGetValue(name, out object? value) ? (TValue)value! : default!;

        public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
    }
}
