using System.Globalization;
using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// Writes a box as an offset to another one and back (Girshick et al. 2014, appendix C): dx = w_x·(x − x_a)/w_a, dw = w_w·ln(w/w_a), and
/// so for y and h. On decoding, dw and dh are limited above, so that a wild prediction cannot overflow the exponential.
/// </summary>
public sealed unsafe class BoxCoder
{
    /// <summary>ln(1000/16): a box grows at most 62.5-fold.</summary>
    public static readonly double DefaultClip = Math.Log(1000.0 / 16);

    /// <summary>No limit of growth, as in py-faster-rcnn.</summary>
    public const double NoClip = double.PositiveInfinity;

    private readonly float _wx, _wy, _ww, _wh, _clip, _extra;

    /// <param name="weights">w_x, w_y, w_w, w_h; null for 1, 1, 1, 1</param>
    /// <param name="clip">Upper limit of dw and dh after division by the weight; null for <see cref="DefaultClip"/></param>
    /// <param name="extent">
    /// Inclusive boxes are one wider and higher when they are measured; on decoding the 1 is not taken off again, as in py-faster-rcnn, so that decoding what was
    /// encoded gives x2 and y2 one larger.
    /// </param>
    /// <exception cref="ArgumentException">Not four positive weights, or a limit that is NaN.</exception>
    public BoxCoder(IReadOnlyList<double>? weights = null, double? clip = null, BoxExtent extent = BoxExtent.HalfOpen)
    {
        weights ??= [1, 1, 1, 1];
        if (weights.Count != 4 || !weights.All(w => w > 0))
        {
            throw new ArgumentException($"4 positive weights expected, got [{string.Join(", ", weights.Select(w => w.ToString(CultureInfo.InvariantCulture)))}]");
        }

        if (clip is double.NaN)
        {
            throw new ArgumentException("a number or NoClip expected as clip, got NaN", nameof(clip));
        }

        _extra = extent.Extra();
        (_wx, _wy, _ww, _wh) = ((float)weights[0], (float)weights[1], (float)weights[2], (float)weights[3]);
        _clip = (float)(clip ?? DefaultClip);
    }

    /// <summary>The codes that lead from <paramref name="proposals"/> to <paramref name="references"/>.</summary>
    /// <param name="references">[N,4] float32, usually matched ground truth</param>
    /// <param name="proposals">[N,4] float32</param>
    /// <returns>[N,4] float32 (dx,dy,dw,dh), weighted; infinite or NaN for boxes without width or height</returns>
    /// <exception cref="ArgumentException">Other shapes, types, or numbers of rows.</exception>
    public Tensor Encode(Tensor references, Tensor proposals)
    {
        if (KernelLauncher.For(references) is { } launcher)
        {
            return BoxesCuda.Encode(launcher, this, references, proposals);
        }

        OperatorInput.Boxes(references, nameof(references));
        OperatorInput.Boxes(proposals, nameof(proposals));
        if (references.shape[0] != proposals.shape[0])
        {
            throw new ArgumentException($"as many references as proposals expected, got {references.shape[0]} and {proposals.shape[0]}");
        }

        using Tensor r = references.contiguous();
        using Tensor p = proposals.contiguous();
        Tensor codes = empty([r.shape[0], 4], float32);
        float* gt = (float*)Engine.Pointer(r), box = (float*)Engine.Pointer(p), code = (float*)Engine.Pointer(codes);
        for (long end = r.shape[0]; end > 0; end--, gt += 4, box += 4, code += 4)
        {
            float width = box[2] - box[0] + _extra, height = box[3] - box[1] + _extra;
            float gtWidth = gt[2] - gt[0] + _extra, gtHeight = gt[3] - gt[1] + _extra;
            code[0] = _wx * (gt[0] + 0.5f * gtWidth - (box[0] + 0.5f * width)) / width;
            code[1] = _wy * (gt[1] + 0.5f * gtHeight - (box[1] + 0.5f * height)) / height;
            code[2] = _ww * MathF.Log(gtWidth / width);
            code[3] = _wh * MathF.Log(gtHeight / height);
        }

        return codes;
    }

    /// <summary>Applies codes to boxes. Values only: no gradient passes through.</summary>
    /// <param name="codes">[N,4·C] float32: C codes for each box</param>
    /// <param name="boxes">[N,4] float32</param>
    /// <returns>[N,C,4] float32 (x1,y1,x2,y2)</returns>
    /// <exception cref="ArgumentException">Other shapes, types, or numbers of rows.</exception>
    public Tensor Decode(Tensor codes, Tensor boxes)
    {
        if (KernelLauncher.For(codes) is { } launcher)
        {
            return BoxesCuda.Decode(launcher, this, codes, boxes);
        }

        OperatorInput.Matrix(codes, nameof(codes), "[N,4·C]");
        OperatorInput.Boxes(boxes, nameof(boxes));
        if (codes.shape[0] != boxes.shape[0] || codes.shape[1] % 4 != 0)
        {
            throw new ArgumentException($"codes [{boxes.shape[0]},4·C] expected for {boxes.shape[0]} boxes, got {OperatorInput.Shape(codes)}", nameof(codes));
        }

        using Tensor d = codes.contiguous();
        using Tensor b = boxes.contiguous();
        long count = d.shape[0], classes = d.shape[1] / 4;
        Tensor result = empty([count, classes, 4], float32);
        float* code = (float*)Engine.Pointer(d), box = (float*)Engine.Pointer(b), output = (float*)Engine.Pointer(result);
        for (long i = 0; i < count; i++, box += 4)
        {
            for (long c = 0; c < classes; c++, code += 4, output += 4)
            {
                Decode(code, box, output);
            }
        }

        return result;
    }

    /// <summary>What the kernels need: weights, limit, and what is added to each side.</summary>
    internal (float X, float Y, float Width, float Height, float Clip, float Extra) Parameters => (_wx, _wy, _ww, _wh, _clip, _extra);

    /// <summary>One code, one box.</summary>
    internal void Decode(float* code, float* box, float* output)
    {
        float width = box[2] - box[0] + _extra, height = box[3] - box[1] + _extra;
        float centerX = code[0] / _wx * width + (box[0] + 0.5f * width);
        float centerY = code[1] / _wy * height + (box[1] + 0.5f * height);
        float halfWidth = 0.5f * (MathF.Exp(MathF.Min(code[2] / _ww, _clip)) * width);
        float halfHeight = 0.5f * (MathF.Exp(MathF.Min(code[3] / _wh, _clip)) * height);
        output[0] = centerX - halfWidth;
        output[1] = centerY - halfHeight;
        output[2] = centerX + halfWidth;
        output[3] = centerY + halfHeight;
    }
}
