using System.Globalization;
using Rcnn.Tests.Ops.VectorWidths;

namespace Rcnn.Tests;

/// <summary>Started as a program of its own, with the runtime's switches for vector instructions, this assembly does part of its work again: see <see cref="VectorWidthTests"/>. So does a process with a device that must be there from the start: <see cref="Devices.ShadowDeviceTests"/>.</summary>
public static class VectorWidthProgram
{
    public static int Main(string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Console.WriteLine(VectorSupport.Here);
        switch (args)
        {
            case ["fingerprints"]:
                foreach ((string name, string bits) in OperatorFingerprints.Compute())
                {
                    Console.WriteLine($"{name} {bits}");
                }

                return 0;
            case ["tests", var area]:
                return NestedTestRun.Run(area, Console.Out);
            case ["shadow", var library, .. var only]:
                return Devices.ShadowDeviceTests.Run(library, only.FirstOrDefault(""), Console.Out);
            default:
                Console.Error.WriteLine("usage: Rcnn.Tests fingerprints | tests NAMESPACE | shadow LIBRARY [NAME]; tests are run by ./rcnn test");
                return 2;
        }
    }
}
