using System.Reflection;
using TorchSharp.Interop;
using Xunit;

namespace Rcnn.Tests.Platform;

public sealed class OperatorTableTests
{
    [Fact]
    public void EveryOperator_IsKnownToThisLibtorch()
    {
        List<string> unknown = [];
        foreach (FieldInfo field in typeof(Aten).GetFields(BindingFlags.Static | BindingFlags.NonPublic))
        {
            try
            {
                _ = ((Op)field.GetValue(null)!).Schema;
            }
            catch (System.Runtime.InteropServices.ExternalException e)
            {
                unknown.Add(field.Name + ": " + e.Message);
            }
        }

        Assert.Empty(unknown);
    }
}
