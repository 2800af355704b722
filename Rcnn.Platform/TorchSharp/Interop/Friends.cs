using System.Runtime.CompilerServices;

// Engine reaches what TorchSharp lacks; the tests reach the operator table.
[assembly: InternalsVisibleTo("Rcnn.Ops")]
[assembly: InternalsVisibleTo("Rcnn.Tests")]
