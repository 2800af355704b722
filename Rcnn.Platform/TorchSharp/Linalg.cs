using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static class linalg
    {
        /// <summary>input [m,n] = U·diag(S)·Vh; without full matrices U is [m,k], S [k] falling and Vh [k,n], k = min(m,n).</summary>
        public static (Tensor U, Tensor S, Tensor Vh) svd(Tensor input, bool fullMatrices = true) => Aten.linalg_svd.Call3(input, fullMatrices);
    }
}
