using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Tests.Ops;

public sealed class BoxLossesTests
{
    // Overlapping; inside with shared edges; apart; equal.
    private static readonly float[] First = [0, 0, 4, 2, 1, 1, 5, 9, 0, 0, 3, 3, 2, 2, 6, 6], Second = [1, 0, 5, 4, 1, 2, 4, 9, 5, 6, 9, 7, 2, 2, 6, 6];

    public delegate Tensor LossOf(Tensor boxes1, Tensor boxes2, Reduction reduction, double epsilon);

    public static TheoryData<string> Names => ["iou", "giou", "diou", "ciou"];

    // Values and gradients of torchvision 0.14.1's losses on these boxes, float32.
    [Theory]
    [InlineData("giou", new[] { 0.7666666507720947, 0.34375, 1.7936508655548096, 0 },
        new[] { -0.11703704297542572, 0.049537040293216705, -0.1111111119389534, -0.19814814627170563, 0.03271484375, -0.08203125, 0.1640625, -0.01123046875, 0.024691356346011162, 0.018140586093068123, -0.0476190522313118, -0.0476190522313118, 0, 0, 0, 0 },
        new[] { 0.17407408356666565, 0.049537040293216705, 0.05407407879829407, 0.09907408058643341, 0.02197265625, 0.09375, -0.21875, -0.00048828125, 0.01587301678955555, 0.0634920671582222, 0.007054679095745087, -0.034013599157333374, 0, 0, 0, 0 })]
    [InlineData("diou", new[] { 0.7154471278190613, 0.3499999940395355, 1.4249999523162842, 0 },
        new[] { -0.04952960088849068, 0.017405865713953972, -0.13550135493278503, -0.1725383996963501, 0.023652344942092896, -0.08703125268220901, 0.16968749463558197, -0.002480468712747097, 0.016538463532924652, 0.007307693362236023, -0.042307693511247635, -0.03846153989434242, 0, 0, 0, 0 },
        new[] { 0.09846431761980057, 0.06618635356426239, 0.08656664192676544, 0.08894617110490799, 0.03166015446186066, 0.10000000149011612, -0.22499999403953552, -0.010488281026482582, 0.042307693511247635, 0.03846153989434242, -0.016538463532924652, -0.007307693362236023, 0, 0, 0, 0 })]
    [InlineData("ciou", new[] { 0.71793133020401, 0.3500056564807892, 1.4375274181365967, 0 },
        new[] { -0.05107376351952553, 0.020494192838668823, -0.13395719230175018, -0.1756267249584198, 0.023633036762475967, -0.0870215967297554, 0.1697068065404892, -0.0024901218712329865, 0.024265427142381668, -0.00041927117854356766, -0.05003465712070465, -0.030734576284885406, 0, 0, 0, 0 },
        new[] { 0.10039452463388443, 0.06425614655017853, 0.08463643491268158, 0.09087637811899185, 0.031683456152677536, 0.09999001026153564, -0.2250232994556427, -0.010478295385837555, 0.03958053141832352, 0.04937019571661949, -0.013811299577355385, -0.018216349184513092, 0, 0, 0, 0 })]
    public void ValuesAndGradients_EqualTorchvision(string name, double[] values, double[] first, double[] second)
    {
        Tensor a = Inputs.BoxTensor(First).requires_grad_(true), b = Inputs.BoxTensor(Second).requires_grad_(true);
        Tensor loss = Loss(name)(a, b, Reduction.None, 1e-7);
        loss.sum().backward();
        Inputs.Close(values, Inputs.Floats(loss), 1e-6);
        Inputs.Close(first, Inputs.Floats(a.grad!), 1e-6);
        Inputs.Close(second, Inputs.Floats(b.grad!), 1e-6);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_EqualFiniteDifferencesOfTheFormulaInDouble(string name)
    {
        var random = new RandomStream(11);
        float[] x = Inputs.Boxes(random, 60), y = Inputs.Boxes(random, 60);
        Tensor a = Inputs.BoxTensor(x).requires_grad_(true), b = Inputs.BoxTensor(y).requires_grad_(true);
        Tensor loss = Loss(name)(a, b, Reduction.Sum, 1e-7);
        loss.backward();
        double[] left = [.. x.Select(v => (double)v)], right = [.. y.Select(v => (double)v)];
        var byLeft = new double[left.Length];
        var byRight = new double[left.Length];
        double total = 0;
        for (int i = 0; i < left.Length; i += 4)
        {
            double[] p = left[i..(i + 4)], q = right[i..(i + 4)];
            double alpha = Alpha(p, q);
            total += Formula(name, p, q, alpha);
            for (int k = 0; k < 4; k++)
            {
                byLeft[i + k] = Difference(p, k, () => Formula(name, p, q, alpha));
                byRight[i + k] = Difference(q, k, () => Formula(name, p, q, alpha));
            }
        }

        Assert.Equal(total, loss.item<float>(), 1e-4);
        Inputs.Close(byLeft, Inputs.Floats(a.grad!), 1e-7, 1e-4);
        Inputs.Close(byRight, Inputs.Floats(b.grad!), 1e-7, 1e-4);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Loss_IsOneMinusThePairwiseValue_Symmetric_AndUnmovedByTranslationAndScale(string name)
    {
        var random = new RandomStream(12);
        Tensor a = Inputs.BoxTensor(Inputs.Boxes(random, 70)), b = Inputs.BoxTensor(Inputs.Boxes(random, 70));
        double[] loss = [.. Inputs.Floats(Loss(name)(a, b, Reduction.None, 1e-7)).Select(v => (double)v)];
        Tensor pairs = name switch
        {
            "iou" => BoxOps.Iou(a, b),
            "giou" => BoxOps.GeneralizedIou(a, b),
            "diou" => BoxOps.DistanceIou(a, b),
            _ => BoxOps.CompleteIou(a, b),
        };
        float[] matrix = Inputs.Floats(pairs);
        Inputs.Close(loss, [.. Enumerable.Range(0, 70).Select(i => 1 - matrix[71 * i])], 2e-5);
        Inputs.Close(loss, Inputs.Floats(Loss(name)(b, a, Reduction.None, 1e-7)), 1e-6);
        Inputs.Close(loss, Inputs.Floats(Loss(name)(a.add(64), b.add(64), Reduction.None, 1e-7)), 1e-4);
        Inputs.Close(loss, Inputs.Floats(Loss(name)(a.mul(4), b.mul(4), Reduction.None, 1e-7)), 1e-6);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Reductions_ViewsAndThreads_AgreeWithTheRows(string name)
    {
        var random = new RandomStream(13);
        Tensor wide = tensor(Inputs.Boxes(random, 5000), [2500, 8]);
        Tensor a = wide.narrow(1, 0, 4), b = wide.narrow(1, 4, 4);
        Assert.False(a.is_contiguous());
        float[] rows = Inputs.Floats(Loss(name)(a, b, Reduction.None, 1e-7));
        Assert.Equal(rows, Inputs.Floats(Loss(name)(a.contiguous(), b.contiguous(), Reduction.None, 1e-7)));
        Assert.Equal(rows.Sum(v => (double)v) / 2500, Loss(name)(a, b, Reduction.Mean, 1e-7).item<float>(), 1e-5);
        Inputs.SameAtAnyThreadCount(() =>
        {
            Tensor leaf = a.clone().requires_grad_(true);
            Tensor sum = Loss(name)(leaf, b, Reduction.Sum, 1e-7);
            sum.backward();
            return [sum.item<float>(), .. Inputs.Floats(leaf.grad!)];
        });
        Tensor one = a.clone().requires_grad_(true), two = a.clone().requires_grad_(true);
        Loss(name)(one, b, Reduction.Mean, 1e-7).mul(2500).backward();
        Loss(name)(two, b, Reduction.None, 1e-7).sum().backward();
        Inputs.Close([.. Inputs.Floats(two.grad!).Select(v => (double)v)], Inputs.Floats(one.grad!), 1e-7);
    }

    [Fact]
    public void OnlyTheBoxesThatAskGetAGradient()
    {
        Tensor a = Inputs.BoxTensor(First), b = Inputs.BoxTensor(Second).requires_grad_(true);
        BoxLosses.Generalized(a, b, Reduction.Sum).backward();
        Assert.True(a.grad is null);
        Assert.Equal([4L, 4], b.grad!.shape);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Empty_IsZero_AndDegenerateBoxesKeepToTheirRow(string name)
    {
        Tensor none = zeros([0, 4]).requires_grad_(true);
        Tensor mean = Loss(name)(none, zeros([0, 4]), Reduction.Mean, 1e-7);
        mean.backward();
        Assert.Equal(0, mean.item<float>());
        Assert.Equal([0L, 4], none.grad!.shape);
        Tensor a = Inputs.BoxTensor([float.NaN, 0, 1, 1, -1e30f, -1e30f, 1e30f, 1e30f, 0, 0, 2, 2]), b = Inputs.BoxTensor([0, 0, 1, 1, -1e30f, -1e30f, 1e30f, 1e30f, 0, 0, 2, 2]);
        float[] rows = Inputs.Floats(Loss(name)(a, b, Reduction.None, 1e-7));
        Assert.True(float.IsNaN(rows[0]));
        Assert.Equal(0, rows[1], 1e-6);
        Assert.Equal(0, rows[2], 1e-6);
    }

    [Fact]
    public void WrongInput_IsNamed()
    {
        Assert.Contains("equal rows expected, got 2 and 3", Assert.Throws<ArgumentException>(() => BoxLosses.Iou(zeros([2, 4]), zeros([3, 4]))).Message);
        Assert.Contains("boxes2 of Float32 expected, got Float64", Assert.Throws<ArgumentException>(() => BoxLosses.Distance(zeros([2, 4]), zeros([2, 4], float64))).Message);
        Assert.Contains("epsilon ≥ 0 expected, got -1", Assert.Throws<ArgumentException>(() => BoxLosses.Complete(zeros([2, 4]), zeros([2, 4]), epsilon: -1)).Message);
    }

    private static LossOf Loss(string name) => name switch
    {
        "iou" => BoxLosses.Iou,
        "giou" => BoxLosses.Generalized,
        "diou" => BoxLosses.Distance,
        _ => BoxLosses.Complete,
    };

    private static double Difference(double[] at, int k, Func<double> value)
    {
        double x = at[k];
        at[k] = x + 1e-5;
        double above = value();
        at[k] = x - 1e-5;
        double below = value();
        at[k] = x;
        return (above - below) / 2e-5;
    }

    private static double Overlap(double[] a, double[] b)
    {
        double w = Math.Max(0, Math.Min(a[2], b[2]) - Math.Max(a[0], b[0])), h = Math.Max(0, Math.Min(a[3], b[3]) - Math.Max(a[1], b[1]));
        return w * h;
    }

    private static double Union(double[] a, double[] b) => (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - Overlap(a, b);

    private static double Aspect(double[] a, double[] b) =>
        4 / (Math.PI * Math.PI) * Math.Pow(Math.Atan((b[2] - b[0]) / (b[3] - b[1])) - Math.Atan((a[2] - a[0]) / (a[3] - a[1])), 2);

    private static double Alpha(double[] a, double[] b) => Aspect(a, b) / (1 - Overlap(a, b) / Union(a, b) + Aspect(a, b));

    private static double Formula(string name, double[] a, double[] b, double alpha)
    {
        double iou = Overlap(a, b) / Union(a, b), width = Math.Max(a[2], b[2]) - Math.Min(a[0], b[0]), height = Math.Max(a[3], b[3]) - Math.Min(a[1], b[1]);
        double dx = (a[0] + a[2] - b[0] - b[2]) / 2, dy = (a[1] + a[3] - b[1] - b[3]) / 2;
        double distance = (dx * dx + dy * dy) / (width * width + height * height);
        return name switch
        {
            "iou" => 1 - iou,
            "giou" => 1 - iou + (width * height - Union(a, b)) / (width * height),
            "diou" => 1 - iou + distance,
            _ => 1 - iou + distance + alpha * Aspect(a, b),
        };
    }
}
