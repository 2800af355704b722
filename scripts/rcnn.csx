// The framework for scripts: #load "rcnn.csx" (by a path relative to your script) brings its assemblies and namespaces.
// Build once with ./rcnn --help; then both `./rcnn script FILE.csx` and `dotnet script FILE.csx` work.
#r "../Rcnn.Cli/bin/Release/net10.0/Rcnn.Platform.dll"
#r "../Rcnn.Cli/bin/Release/net10.0/Rcnn.Ops.dll"
#r "../Rcnn.Cli/bin/Release/net10.0/Rcnn.Core.dll"
#r "../Rcnn.Cli/bin/Release/net10.0/Rcnn.Experiments.dll"
#r "../Rcnn.Cli/bin/Release/net10.0/FSharp.Core.dll"
#r "../Rcnn.Cli/bin/Release/net10.0/MathNet.Numerics.dll"

global using System.Globalization;
global using System.Threading;
global using Rcnn.Core;
global using Rcnn.Core.Analysis;
global using Rcnn.Core.Data;
global using Rcnn.Core.Evaluation;
global using Rcnn.Core.Models;
global using Rcnn.Core.Runs;
global using Rcnn.Core.Training;
global using Rcnn.Experiments;
global using Rcnn.Ops;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
