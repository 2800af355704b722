#!/usr/bin/env dotnet-script
// Purpose   The pictures of docs/operators.md. Each is drawn from what the operator itself answers on a small example, so that a picture cannot say what the code does not do.
// Command   ./rcnn script scripts/draw-operators.csx [FOLDER]
// Data      none
// Time      seconds
// Expected  docs/images/operators/*.svg, the same bytes on every run
#load "rcnn.csx"
#load "lib/svg.csx"
using TorchSharp;
using static TorchSharp.torch;

string folder = Args.Count > 0 ? Args[0] : "docs/images/operators";
Directory.CreateDirectory(folder);

float[] Floats(Tensor t) => t.detach().contiguous().data<float>().ToArray();
long[] Longs(Tensor t) => t.contiguous().data<long>().ToArray();
Tensor BoxTensor(params double[] corners) => tensor(corners.Select(c => (float)c).ToArray(), [corners.Length / 4, 4]);
string F(double v, string format = "0.00") => v.ToString(format, CultureInfo.InvariantCulture);
string To(string name) => Path.Combine(folder, name + ".svg");

// Pooling a map whose channel c is 1 at cell c and 0 elsewhere answers, for each bin, the weight of every cell.
float[,] CellWeights(int height, int width, int bins, Func<Tensor, Tensor> pool)
{
    float[] pooled = Floats(pool(eye(height * width).reshape(1, height * width, height, width)));
    var weights = new float[bins, height * width];
    for (int cell = 0; cell < height * width; cell++)
    {
        for (int bin = 0; bin < bins; bin++)
        {
            weights[bin, cell] = pooled[(cell * bins) + bin];
        }
    }

    return weights;
}

void Cells(Svg svg, double left, double top, double side, int height, int width)
{
    for (int y = 0; y <= height; y++)
    {
        svg.Line(left, top + (y * side), left + (width * side), top + (y * side));
    }

    for (int x = 0; x <= width; x++)
    {
        svg.Line(left + (x * side), top, left + (x * side), top + (height * side));
    }
}

const int MapHeight = 6, MapWidth = 9, Rows = 2, Columns = 3;
double[] roi = [1.3, 0.8, 7.6, 4.9];
Tensor Rois() => tensor(new[] { 0f }.Concat(roi.Select(v => (float)v)).ToArray(), [1, 5]);

void RoiAlignPicture()
{
    var svg = new Svg(470, 340);
    const double side = 44, left = 24, top = 52;
    const int shown = 1;
    float[,] weights = CellWeights(MapHeight, MapWidth, Rows * Columns, x => RoiAlign.Apply(x, Rois(), Rows, Columns, 1, 2, aligned: true));
    svg.Text(left, 24, "RoIAlign, 2×3 bins, 2×2 samples each, aligned", bold: true);
    svg.Text(left, 42, "shade: weight of each cell in the second bin (they add up to 1)", Svg.Faint, 12);
    for (int cell = 0; cell < MapHeight * MapWidth; cell++)
    {
        if (weights[shown, cell] > 0)
        {
            (double x, double y) = (left + (cell % MapWidth * side), top + (cell / MapWidth * side));
            svg.Rect(x, y, side, side, fill: Svg.Blue, opacity: Math.Min(1, 2.2 * weights[shown, cell]));
        }
    }

    Cells(svg, left, top, side, MapHeight, MapWidth);
    double w = (roi[2] - roi[0]) / Columns, h = (roi[3] - roi[1]) / Rows;
    for (int bin = 0; bin < Rows * Columns; bin++)
    {
        (double x, double y) = (roi[0] + (bin % Columns * w), roi[1] + (bin / Columns * h));
        svg.Rect(left + (x * side), top + (y * side), w * side, h * side, Svg.Red);
        for (int s = 0; s < 4; s++)
        {
            svg.Dot(left + ((x + ((s % 2 + 0.5) * w / 2)) * side), top + ((y + ((s / 2 + 0.5) * h / 2)) * side), 3.5, Svg.Red);
        }
    }

    for (int cell = 0; cell < MapHeight * MapWidth; cell++)
    {
        if (weights[shown, cell] > 0)
        {
            svg.Text(left + ((cell % MapWidth + 0.5) * side), top + ((cell / MapWidth + 0.5) * side) + 4, F(weights[shown, cell]), Svg.Ink, 11, "middle");
        }
    }

    svg.Save(To("roi-align"));
}

void RoiPoolPicture()
{
    var svg = new Svg(470, 340);
    const double side = 44, left = 24, top = 52;
    float[,] member = CellWeights(MapHeight, MapWidth, Rows * Columns, x => RoiPool.Apply(x, Rois(), Rows, Columns, 1));
    svg.Text(left, 24, "RoIPool, 2×3 bins of whole cells", bold: true);
    svg.Text(left, 42, "two colours: a cell that two bins share; dashed: the RoI before rounding", Svg.Faint, 12);
    for (int cell = 0; cell < MapHeight * MapWidth; cell++)
    {
        int[] bins = [.. Enumerable.Range(0, Rows * Columns).Where(b => member[b, cell] > 0)];
        for (int i = 0; i < bins.Length; i++)
        {
            svg.Rect(left + (cell % MapWidth * side) + (i * side / bins.Length), top + (cell / MapWidth * side), side / bins.Length, side, fill: Svg.Palette[bins[i]], opacity: 0.45);
        }
    }

    Cells(svg, left, top, side, MapHeight, MapWidth);
    svg.Rect(left + (roi[0] * side), top + (roi[1] * side), (roi[2] - roi[0]) * side, (roi[3] - roi[1]) * side, Svg.Red, dash: "6 4", line: 2);
    svg.Save(To("roi-pool"));
}

void LevelPicture()
{
    var svg = new Svg(470, 260);
    var plot = new PlotArea(svg, 56, 44, 390, 160, Math.Log2(16), Math.Log2(1024), 1.5, 5.5);
    var pooler = new MultiScaleRoiAlign(7, 7, 2);
    double[] sides = [.. Enumerable.Range(0, 601).Select(i => Math.Pow(2, 4 + (i / 100.0)))];
    long[] levels = Longs(pooler.Levels([BoxTensor([.. sides.SelectMany(s => new[] { 0, 0, s, s })])], [1 / 4.0, 1 / 8.0, 1 / 16.0, 1 / 32.0]));
    foreach (double s in (double[])[16, 32, 64, 112, 224, 448, 1024])
    {
        (double x, _) = plot.Map(Math.Log2(s), 2);
        svg.Line(x, 44, x, 204);
        svg.Text(x, 220, F(s, "0"), Svg.Faint, 11, "middle");
    }

    plot.Axes("√area of the box, pixels", "pyramid level, k₀ = 4, s₀ = 224", [], [2, 3, 4, 5]);
    plot.Curve(sides.Zip(levels, (s, l) => (Math.Log2(s), l + 2.0)), Svg.Blue);
    svg.Save(To("level-map"));
}

void IouPicture()
{
    var svg = new Svg(470, 250);
    double[] a = [60, 70, 230, 200], b = [150, 140, 330, 216];
    svg.Rect(60, 70, 270, 146, Svg.Faint, dash: "5 4");
    svg.Rect(150, 140, 80, 60, fill: Svg.Violet, opacity: 0.35);
    svg.Rect(a[0], a[1], a[2] - a[0], a[3] - a[1], Svg.Blue, line: 2);
    svg.Rect(b[0], b[1], b[2] - b[0], b[3] - b[1], Svg.Orange, line: 2);
    svg.Line(145, 135, 240, 178, Svg.Ink, 1.5);
    svg.Line(60, 70, 330, 216, Svg.Faint, 1, "2 3");
    svg.Dot(145, 135, 4, Svg.Blue);
    svg.Dot(240, 178, 4, Svg.Orange);
    svg.Text(66, 88, "a", Svg.Blue, bold: true);
    svg.Text(314, 208, "b", Svg.Orange, bold: true);
    svg.Text(190, 150, "ρ", bold: true);
    svg.Text(284, 184, "c", Svg.Faint, bold: true);
    svg.Text(60, 62, "enclosing box", Svg.Faint, 12);
    svg.Text(24, 30, "IoU and its relatives", bold: true);
    Tensor first = BoxTensor(a), second = BoxTensor(b);
    (string, double)[] values = [("IoU", Floats(BoxOps.Iou(first, second))[0]), ("GIoU", Floats(BoxOps.GeneralizedIou(first, second))[0]),
        ("DIoU", Floats(BoxOps.DistanceIou(first, second))[0]), ("CIoU", Floats(BoxOps.CompleteIou(first, second))[0])];
    for (int i = 0; i < values.Length; i++)
    {
        svg.Text(352, 110 + (i * 26), values[i].Item1);
        svg.Text(445, 110 + (i * 26), F(values[i].Item2, "0.0000"), anchor: "end");
    }

    svg.Save(To("iou"));
}

void BoxCoderPicture()
{
    var svg = new Svg(470, 260);
    Tensor anchor = BoxTensor(80, 90, 240, 170), code = tensor(new[] { 0.35f, -0.1f, -0.3f, 0.55f }, [1, 4]);
    float[] d = Floats(new BoxCoder().Decode(code, anchor));
    svg.Text(24, 30, "Decoding (dx, dy, dw, dh) = (0.35, −0.10, −0.30, 0.55)", bold: true);
    svg.Rect(80, 90, 160, 80, Svg.Faint, line: 2, dash: "6 4");
    svg.Rect(d[0], d[1], d[2] - d[0], d[3] - d[1], Svg.Blue, line: 2);
    svg.Line(160, 130, (d[0] + d[2]) / 2, (d[1] + d[3]) / 2, Svg.Red, 1.5);
    svg.Dot(160, 130, 4, Svg.Faint);
    svg.Dot((d[0] + d[2]) / 2, (d[1] + d[3]) / 2, 4, Svg.Blue);
    svg.Text(84, 85, "anchor", Svg.Faint, 12);
    svg.Text(d[2] + 6, d[1] + 14, $"box {F(d[2] - d[0], "0.0")} × {F(d[3] - d[1], "0.0")}", Svg.Blue, 12);
    svg.Text(286, 208, "centre moves by dx·w, dy·h", Svg.Red, 12);
    svg.Text(286, 226, "sides × exp(dw), exp(dh)", Svg.Blue, 12);
    svg.Save(To("box-coder"));
}

void AnchorPicture()
{
    var svg = new Svg(470, 470);
    float[] cells = Floats(new AnchorGenerator([[64, 128, 256]], [0.5, 1, 2]).CellAnchors(0));
    svg.Text(24, 30, "Nine anchors of one cell: sizes 64, 128, 256; ratios ½, 1, 2", bold: true);
    for (int x = 0; x <= 13; x++)
    {
        svg.Line(27 + (32 * x), 48, 27 + (32 * x), 448);
        svg.Line(27, 48 + (400.0 / 13 * x), 443, 48 + (400.0 / 13 * x));
    }

    for (int i = 0; i < cells.Length; i += 4)
    {
        svg.Rect(235 + (cells[i] * 1.05), 248 + (cells[i + 1] * 1.05), (cells[i + 2] - cells[i]) * 1.05, (cells[i + 3] - cells[i + 1]) * 1.05, Svg.Palette[i / 4 / 3]);
    }

    svg.Dot(235, 248, 3.5, Svg.Ink);
    (string, string)[] legend = [("ratio ½", Svg.Palette[0]), ("ratio 1", Svg.Palette[1]), ("ratio 2", Svg.Palette[2])];
    for (int i = 0; i < legend.Length; i++)
    {
        svg.Text(36, 68 + (i * 18), legend[i].Item1, legend[i].Item2, 12, bold: true);
    }

    svg.Save(To("anchors"));
}

void MatcherPicture()
{
    var svg = new Svg(470, 372);
    Tensor anchors = new AnchorGenerator([[90]], [0.5, 1, 2]).Grid((240, 420), [(6, 10)]).add(tensor(new[] { 24f, 120, 24, 120 }));
    Tensor truths = BoxTensor(70, 146, 170, 236, 240, 166, 300, 306, 395, 126, 425, 151);
    long[] matches = Longs(new Matcher(0.6, 0.3, allowLowQuality: true).Match(anchors, truths));
    float[] a = Floats(anchors), t = Floats(truths);
    svg.Text(24, 28, "Matching anchors to ground truth at 0.6 and 0.3", bold: true);
    foreach (int i in Enumerable.Range(0, matches.Length).OrderBy(i => matches[i] >= 0 ? 2 : matches[i] == Matcher.Between ? 1 : 0))
    {
        string colour = matches[i] >= 0 ? Svg.Palette[matches[i]] : matches[i] == Matcher.Between ? "#bf8700" : Svg.Grid;
        if (matches[i] != Matcher.BelowLow)
        {
            svg.Rect(a[4 * i], a[(4 * i) + 1], a[(4 * i) + 2] - a[4 * i], a[(4 * i) + 3] - a[(4 * i) + 1], colour, line: matches[i] >= 0 ? 1.5 : 0.8, dash: matches[i] >= 0 ? "" : "3 3");
        }

        svg.Dot((a[4 * i] + a[(4 * i) + 2]) / 2, (a[(4 * i) + 1] + a[(4 * i) + 3]) / 2, 2.5, colour);
    }

    for (int g = 0; g < t.Length; g += 4)
    {
        svg.Rect(t[g], t[g + 1], t[g + 2] - t[g], t[g + 3] - t[g + 1], Svg.Palette[g / 4], Svg.Palette[g / 4], 0.2, 3);
    }

    svg.Text(24, 46, "filled: ground truth; full line: matched; dashed: ignored;", Svg.Faint, 12);
    svg.Text(24, 62, "the small object gets its best anchors by rescue", Svg.Faint, 12);
    svg.Save(To("matcher"));
}

(double[] Corners, float[] Scores) Crowd() => (
    [44, 86, 134, 200, 56, 98, 146, 216, 26, 66, 116, 180, 150, 96, 212, 190, 160, 80, 222, 172, 66, 204, 190, 262],
    [0.92f, 0.81f, 0.66f, 0.88f, 0.60f, 0.74f]);

void Boxes(Svg svg, double dx, double[] c, IEnumerable<int> which, Func<int, string> label)
{
    foreach (int i in which)
    {
        svg.Rect(c[4 * i] + dx, c[(4 * i) + 1], c[(4 * i) + 2] - c[4 * i], c[(4 * i) + 3] - c[(4 * i) + 1], Svg.Palette[i], line: 2);
        svg.Rect(c[4 * i] + dx, c[(4 * i) + 1] - 13, 30, 13, fill: Svg.Palette[i]);
        svg.Text(c[4 * i] + dx + 3, c[(4 * i) + 1] - 3, label(i), "#ffffff", 11, bold: true);
    }
}

void NmsPicture()
{
    var svg = new Svg(470, 275);
    (double[] corners, float[] scores) = Crowd();
    long[] kept = Longs(Nms.Run(BoxTensor(corners), tensor(scores), 0.5));
    svg.Text(24, 30, "Before", bold: true);
    svg.Text(254, 30, "After NMS at 0.5", bold: true);
    Boxes(svg, 0, corners, Enumerable.Range(0, scores.Length), i => F(scores[i]));
    svg.Line(235, 45, 235, 260);
    Boxes(svg, 230, corners, kept.Select(k => (int)k), i => F(scores[i]));
    svg.Save(To("nms"));
}

void BoxLossPicture()
{
    var svg = new Svg(700, 300);
    float[] x = [.. Enumerable.Range(-150, 301).Select(i => i / 50f)];
    Tensor at = tensor(x), zero = zeros_like(at);
    (string Name, string Colour, Func<Tensor, Tensor> Loss)[] losses =
    [
        ("smooth L1, β = 1", Svg.Blue, t => Losses.SmoothL1(t, zero, 1, nn.Reduction.None)),
        ("smooth L1, β = 1/9", Svg.Green, t => Losses.SmoothL1(t, zero, 1 / 9.0, nn.Reduction.None)),
        ("balanced L1, α ½, γ 1.5", Svg.Orange, t => Losses.BalancedL1(t, zero, reduction: nn.Reduction.None)),
    ];
    var value = new PlotArea(svg, 50, 44, 280, 200, -3, 3, 0, 4);
    var slope = new PlotArea(svg, 400, 44, 280, 200, -3, 3, -2, 2);
    value.Axes("d = input − target", "loss", [-3, -2, -1, 0, 1, 2, 3], [0, 1, 2, 3, 4]);
    slope.Axes("d", "derivative, by the backward pass", [-3, -2, -1, 0, 1, 2, 3], [-2, -1, 0, 1, 2]);
    for (int i = 0; i < losses.Length; i++)
    {
        Tensor input = at.clone().requires_grad_(true), loss = losses[i].Loss(input);
        loss.backward([ones_like(loss)]);
        value.Curve(x.Zip(Floats(loss), (a, b) => ((double)a, (double)b)).Where((p, k) => k % 3 == 0), losses[i].Colour);
        slope.Curve(x.Zip(Floats(input.grad!), (a, b) => ((double)a, (double)b)), losses[i].Colour);
        svg.Text(112, 62 + (i * 17), losses[i].Name, losses[i].Colour, 12, bold: true);
    }

    svg.Save(To("box-losses"));
}

void FocalPicture()
{
    var svg = new Svg(470, 310);
    var plot = new PlotArea(svg, 50, 44, 395, 215, 0, 1, 0, 5);
    plot.Axes("probability of the target", "focal loss without α", [0, 0.2, 0.4, 0.6, 0.8, 1], [0, 1, 2, 3, 4, 5]);
    double[] p = [.. Enumerable.Range(0, 100).Select(i => 0.007 + (i / 100.0))];
    Tensor logits = tensor(p.Select(v => (float)Math.Log(v / (1 - v))).ToArray());
    double[] gammas = [0, 0.5, 1, 2, 5];
    for (int i = 0; i < gammas.Length; i++)
    {
        float[] loss = Floats(Losses.SigmoidFocal(logits, ones_like(logits), -1, gammas[i]));
        plot.Curve(p.Zip(loss, (a, b) => (a, (double)b)), Svg.Palette[i]);
        svg.Text(300, 66 + (i * 18), gammas[i] == 0 ? "γ = 0: cross-entropy" : $"γ = {F(gammas[i], "0.#")}", Svg.Palette[i], 12, bold: true);
    }

    svg.Save(To("focal"));
}

void Bitmap(Svg svg, BitmapMask mask, double left, double top, double side, string colour)
{
    for (int i = 0; i < mask.Pixels.Length; i++)
    {
        if (mask.Pixels[i] != 0)
        {
            svg.Rect(left + (i % mask.Width * side), top + (i / mask.Width * side), side, side, fill: colour, opacity: 0.4);
        }
    }

    Cells(svg, left, top, side, mask.Height, mask.Width);
}

void RlePicture()
{
    var svg = new Svg(470, 250);
    Rle rle = Rle.FromPolygon([1, 2.2, 4, 0.8, 8.6, 3, 6.4, 5.6, 2.2, 4.9], 6, 10);
    BitmapMask mask = rle.Decode();
    const double side = 28, left = 24, top = 44;
    svg.Text(left, 28, "A bitmap, its box, and its runs down the columns", bold: true);
    Bitmap(svg, mask, left, top, side, Svg.Blue);
    (int x1, int y1, int x2, int y2) = mask.Box()!.Value;
    svg.Rect(left + (x1 * side), top + (y1 * side), (x2 - x1) * side, (y2 - y1) * side, Svg.Red, line: 2.5);
    uint[] counts = rle.Counts();
    for (int i = 0, at = 0; i < counts.Length; at += (int)counts[i++])
    {
        // Each run of 1 begins with a dot.
        if (i % 2 == 1)
        {
            svg.Dot(left + ((at / 6 + 0.5) * side), top + ((at % 6 + 0.5) * side), 4, Svg.Ink);
        }
    }

    svg.Text(322, 70, $"{rle.Area} pixels", size: 12);
    svg.Text(322, 90, $"box {x1} {y1} {x2} {y2}", Svg.Red, 12);
    svg.Text(322, 110, "dots: starts of runs", size: 12);
    svg.Text(left, 228, $"counts {string.Join(" ", counts)}    file: {rle}", size: 12);
    svg.Save(To("rle"));
}

void PolygonPicture()
{
    var svg = new Svg(470, 330);
    double[] outline = [1.2, 3.0, 4.6, 0.7, 7.9, 2.1, 6.3, 4.6, 8.6, 6.9, 4.0, 7.4, 2.6, 5.6];
    const double side = 32, left = 24, top = 44;
    svg.Text(left, 28, "A polygon and the pixels that FromPolygon gives it", bold: true);
    Bitmap(svg, Rle.FromPolygon(outline, 8, 13).Decode(), left, top, side, Svg.Green);
    svg.Path(Enumerable.Range(0, outline.Length / 2).Select(i => (left + (outline[2 * i] * side), top + (outline[(2 * i) + 1] * side))), Svg.Red, 2, close: true);
    svg.Save(To("polygon"));
}

void Shades(Svg svg, float[] values, int width, double left, double top, double side, string colour)
{
    for (int i = 0; i < values.Length; i++)
    {
        if (values[i] > 0.004)
        {
            svg.Rect(left + (i % width * side), top + (i / width * side), side + 0.3, side + 0.3, fill: colour, opacity: Math.Min(0.999, values[i]));
        }
    }
}

void MaskTargetPicture()
{
    var svg = new Svg(470, 260);
    BitmapMask mask = Rle.FromPolygon([3, 9, 10, 2, 20, 5, 17, 12, 23, 17, 11, 19, 6, 15], 22, 28).Decode();
    float[] box = [4.5f, 3.2f, 21.8f, 17.6f];
    Tensor masks = Engine.FromBytes(mask.Pixels, [1, 22, 28], ScalarType.Byte);
    float[] target = Floats(MaskTargets.Of(masks, tensor(box, [1, 4]), zeros([1], int64), 7));
    svg.Text(24, 28, "An object's bitmap and a box", bold: true);
    svg.Text(300, 28, "Target, 7×7", bold: true);
    for (int i = 0; i < mask.Pixels.Length; i++)
    {
        if (mask.Pixels[i] != 0)
        {
            svg.Rect(24 + (i % 28 * 9), 44 + (i / 28 * 9), 9, 9, fill: Svg.Blue, opacity: 0.5);
        }
    }

    svg.Rect(24, 44, 28 * 9, 22 * 9, Svg.Grid);
    svg.Rect(24 + (box[0] * 9), 44 + (box[1] * 9), (box[2] - box[0]) * 9, (box[3] - box[1]) * 9, Svg.Red, line: 2);
    Shades(svg, [.. target.Select(v => 0.7f * v)], 7, 300, 44, 21, Svg.Blue);
    Cells(svg, 300, 44, 21, 7, 7);
    svg.Text(300, 212, "values 0 … 1, not rounded", Svg.Faint, 12);
    svg.Save(To("mask-targets"));
}

void MaskPastePicture()
{
    var svg = new Svg(700, 270);
    float[] soft = [.. Enumerable.Range(0, 49).Select(i => (float)(1 / (1 + Math.Exp(1.6 * (Math.Sqrt(Math.Pow((i % 7) - 3.0, 2) + Math.Pow((i / 7) - 3.0, 2)) - 2.4)))))];
    Tensor mask = tensor(soft, [1, 1, 7, 7]), box = BoxTensor(2.3, 1.4, 14.6, 10.2);
    svg.Text(24, 28, "Soft mask, 7×7", bold: true);
    Shades(svg, [.. soft.Select(v => 0.7f * v)], 7, 24, 44, 21, Svg.Blue);
    Cells(svg, 24, 44, 21, 7, 7);
    const int Height = 12, Width = 17, Side = 13;
    (MaskPasteConvention Convention, double Left)[] both = [(MaskPasteConvention.Torchvision, 195), (MaskPasteConvention.Detectron2, 445)];
    foreach ((MaskPasteConvention convention, double left) in both)
    {
        float[] image = Floats(MaskPaste.Apply(mask, box, (Height, Width), convention: convention));
        svg.Text(left, 28, $"Pasted, {convention}", bold: true);
        Shades(svg, [.. image.Select(v => 0.7f * v)], Width, left, 44, Side, Svg.Blue);
        svg.Rect(left, 44, Width * Side, Height * Side, Svg.Grid);
        BitmapMask pixels = MaskPaste.Encode(mask, box, (Height, Width), 0.5, convention)[0].Decode();
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                bool On(int px, int py) => px >= 0 && py >= 0 && px < Width && py < Height && pixels.Pixels[(py * Width) + px] != 0;
                if (On(x, y) != On(x - 1, y))
                {
                    svg.Line(left + (x * Side), 44 + (y * Side), left + (x * Side), 44 + Side + (y * Side), Svg.Orange, 2);
                }

                if (On(x, y) != On(x, y - 1))
                {
                    svg.Line(left + (x * Side), 44 + (y * Side), left + Side + (x * Side), 44 + (y * Side), Svg.Orange, 2);
                }
            }
        }

        svg.Rect(left + (2.3 * Side), 44 + (1.4 * Side), 12.3 * Side, 8.8 * Side, Svg.Red, dash: "5 4");
    }

    svg.Text(195, 232, "dashed: the box; orange: the pixels of the object at threshold 0.5", Svg.Faint, 12);
    svg.Save(To("mask-paste"));
}

void RoiWarpPicture()
{
    var svg = new Svg(470, 340);
    const double side = 44, left = 24, top = 52;
    float[,] weights = CellWeights(MapHeight, MapWidth, 16, x => RoiWarp.Apply(x, Rois(), 4, 4, 1, WarpGrid.Corners, samples: 1));
    svg.Text(left, 24, "RoIWarp, corner grid: crop-and-resize to 4×4 cells", bold: true);
    svg.Text(left, 42, "dots: the points read, between cell centres; shade: sum of weights", Svg.Faint, 12);
    for (int cell = 0; cell < MapHeight * MapWidth; cell++)
    {
        double sum = Enumerable.Range(0, 16).Sum(b => weights[b, cell]);
        if (sum > 0)
        {
            svg.Rect(left + (cell % MapWidth * side), top + (cell / MapWidth * side), side, side, fill: Svg.Blue, opacity: Math.Min(0.9, 0.8 * sum));
        }
    }

    Cells(svg, left, top, side, MapHeight, MapWidth);
    for (int bin = 0; bin < 16; bin++)
    {
        // The centre of a cell's weights is the point it reads.
        double x = Enumerable.Range(0, MapHeight * MapWidth).Sum(c => weights[bin, c] * (c % MapWidth + 0.5)), y = Enumerable.Range(0, MapHeight * MapWidth).Sum(c => weights[bin, c] * (c / MapWidth + 0.5));
        svg.Dot(left + (x * side), top + (y * side), 4, Svg.Red);
    }

    svg.Rect(left + ((roi[0] + 0.5) * side), top + ((roi[1] + 0.5) * side), (roi[2] - roi[0]) * side, (roi[3] - roi[1]) * side, Svg.Red, dash: "6 4");
    svg.Save(To("roi-warp"));
}

void BoxOverlapLossPicture()
{
    var svg = new Svg(470, 300);
    float[] shift = [.. Enumerable.Range(0, 121).Select(i => i / 30f)];
    Tensor still = BoxTensor([.. shift.SelectMany(_ => new[] { 0.0, 0, 1, 1 })]), moved = BoxTensor([.. shift.SelectMany(s => new[] { s, 0.2, s + 1, 0.9 })]);
    (string Name, Func<Tensor, Tensor, Tensor> Loss)[] losses =
    [
        ("IoU", (a, b) => BoxLosses.Iou(a, b)), ("GIoU", (a, b) => BoxLosses.Generalized(a, b)), ("DIoU", (a, b) => BoxLosses.Distance(a, b)), ("CIoU", (a, b) => BoxLosses.Complete(a, b)),
    ];
    var plot = new PlotArea(svg, 50, 44, 395, 200, 0, 4, 0, 2);
    plot.Axes("shift of a flatter box, in widths", "loss", [0, 1, 2, 3, 4], [0, 0.5, 1, 1.5, 2]);
    for (int i = 0; i < losses.Length; i++)
    {
        plot.Curve(shift.Zip(Floats(losses[i].Loss(moved, still)), (a, b) => ((double)a, (double)b)), Svg.Palette[i], i == 3 ? "6 4" : "");
        svg.Text(390, 172 + (i * 18), losses[i].Name, Svg.Palette[i], 12, bold: true);
    }

    svg.Save(To("box-overlap-losses"));
}

void SamplerPicture()
{
    var svg = new Svg(470, 200);
    var random = new RandomStream(3, "sampler");
    long[] labels = [.. Enumerable.Range(0, 60).Select(_ => random.NextInt(9) == 0 ? 1L : random.NextInt(5) == 0 ? -1 : 0)];
    SampledIndices drawn = new BalancedSampler(16, 0.25).Sample(tensor(labels), new RandomStream(1, "draw"));
    HashSet<long> taken = [.. Longs(drawn.Positive), .. Longs(drawn.Negative)];
    svg.Text(24, 28, $"A batch of 16, at most ¼ positives: {drawn.Positive.shape[0]} + {drawn.Negative.shape[0]} of 60 boxes", bold: true);
    for (int i = 0; i < labels.Length; i++)
    {
        (double x, double y) = (24 + (i % 20 * 21.5), 48 + (i / 20 * 30));
        svg.Rect(x, y, 17, 22, taken.Contains(i) ? Svg.Ink : "none", labels[i] > 0 ? Svg.Green : labels[i] < 0 ? Svg.Grid : Svg.Blue, taken.Contains(i) ? 0.85 : 0.25, 2);
    }

    svg.Text(24, 168, "green: positive", Svg.Green, 12);
    svg.Text(130, 168, "blue: negative", Svg.Blue, 12);
    svg.Text(236, 168, "grey: ignored", Svg.Faint, 12);
    svg.Text(336, 168, "framed: drawn", size: 12);
    svg.Save(To("samplers"));
}

void SoftNmsPicture()
{
    var svg = new Svg(700, 275);
    (double[] corners, float[] scores) = Crowd();
    (string Title, SoftNmsDecay Decay)[] decays = [("Linear, t = 0.3", SoftNmsDecay.Linear()), ("Gaussian, σ = 0.5", SoftNmsDecay.Gaussian())];
    svg.Text(24, 30, "Before", bold: true);
    Boxes(svg, 0, corners, Enumerable.Range(0, scores.Length), i => F(scores[i]));
    for (int k = 0; k < decays.Length; k++)
    {
        SoftNmsResult left = SoftNms.Run(BoxTensor(corners), tensor(scores), decays[k].Decay);
        Dictionary<int, float> now = Longs(left.Keep).Zip(Floats(left.Scores)).ToDictionary(p => (int)p.First, p => p.Second);
        double dx = 230 * (k + 1);
        svg.Line(dx + 5, 45, dx + 5, 260);
        svg.Text(dx + 24, 30, decays[k].Title, bold: true);
        Boxes(svg, dx, corners, now.Keys.Order(), i => F(now[i]));
    }

    svg.Save(To("soft-nms"));
}

void FusionPicture()
{
    var svg = new Svg(700, 275);
    double[] one = [44, 86, 134, 200, 160, 80, 212, 172], two = [56, 98, 146, 216, 66, 204, 190, 262];
    Tensor label = zeros([2], int64);
    ScoredDetections[] sources = [new(BoxTensor(one), tensor(new[] { 0.9f, 0.8f }), label), new(BoxTensor(two), tensor(new[] { 0.7f, 0.6f }), label)];
    svg.Text(24, 30, "Two sources", bold: true);
    void Draw(double dx, double[] corners, float[] values, string colour, string dash = "")
    {
        for (int i = 0; i < values.Length; i++)
        {
            (double x, double y) = (corners[4 * i] + dx, corners[(4 * i) + 1]);
            svg.Rect(x, y, corners[(4 * i) + 2] - corners[4 * i], corners[(4 * i) + 3] - corners[(4 * i) + 1], colour, line: 2, dash: dash);
            svg.Rect(x, y - 13, 30, 13, fill: colour);
            svg.Text(x + 3, y - 3, F(values[i]), "#ffffff", 11, bold: true);
        }
    }

    Draw(0, one, [0.9f, 0.8f], Svg.Blue);
    Draw(0, two, [0.7f, 0.6f], Svg.Orange);
    FusedDetections nms = MultiScaleNms.Run([.. sources.Select(s => new ScaleDetections(s.Boxes, s.Scores, s.Labels))], 0.5);
    svg.Line(235, 45, 235, 260);
    svg.Text(254, 30, "Multi-scale NMS", bold: true);
    Draw(230, [.. Floats(nms.Boxes).Select(v => (double)v)], Floats(nms.Scores), Svg.Green);
    ScoredDetections fused = WeightedBoxFusion.Run(sources);
    svg.Line(465, 45, 465, 260);
    svg.Text(484, 30, "Weighted box fusion", bold: true);
    Draw(460, [.. Floats(fused.Boxes).Select(v => (double)v)], Floats(fused.Scores), Svg.Violet);
    svg.Save(To("fusion"));
}

void HardExamplePicture()
{
    var svg = new Svg(470, 275);
    (double[] corners, float[] losses) = Crowd();
    svg.Text(24, 30, "The 3 highest losses", bold: true);
    svg.Text(254, 30, "… after NMS by loss, 0.5", bold: true);
    Boxes(svg, 0, corners, Longs(HardExamples.Top(tensor(losses), 3)).Select(k => (int)k), i => F(losses[i]));
    svg.Line(235, 45, 235, 260);
    Boxes(svg, 230, corners, Longs(HardExamples.TopAfterNms(BoxTensor(corners), tensor(losses), 3, 0.5)).Select(k => (int)k), i => F(losses[i]));
    svg.Save(To("hard-examples"));
}

void SelectiveSearchPictures()
{
    const int Height = 72, Width = 96;
    const double Side = 2.2;
    var rgb = new byte[3 * Height * Width];
    void Fill(Func<int, int, bool> where, byte r, byte g, byte b)
    {
        for (int i = 0; i < Height * Width; i++)
        {
            if (where(i % Width, i / Width))
            {
                (rgb[3 * i], rgb[(3 * i) + 1], rgb[(3 * i) + 2]) = (r, g, b);
            }
        }
    }

    Fill((_, _) => true, 214, 228, 240);
    Fill((_, y) => y >= 46, 120, 160, 90);
    Fill((x, y) => x is >= 14 and < 44 && y is >= 26 and < 58, 178, 92, 70);
    Fill((x, y) => x is >= 24 and < 34 && y is >= 40 and < 58, 90, 60, 50);
    Fill((x, y) => Math.Abs(x - 29) * 0.9 < y - 10 && y < 26, 120, 40, 40);
    Fill((x, y) => x is >= 68 and < 73 && y is >= 34 and < 60, 96, 70, 44);
    Fill((x, y) => ((x - 70) * (x - 70)) + ((y - 26) * (y - 26)) < 144, 50, 120, 60);

    void Raster(Svg svg, double left, double top, Func<int, string> colour) => svg.Pixels(left, top, Side, Height, Width, colour);

    RegionMap regions = GraphSegmentation.Segment(rgb, Height, Width, 3, sigma: 0.8, k: 150, minSize: 20);
    int[] labels = regions.Labels.ToArray();
    float[] boxes = SelectiveSearch.Boxes(rgb, Height, Width, SelectiveSearchOptions.Single with { MinSize = 20, MinSide = 4 });
    var segmentation = new Svg(470, 226);
    segmentation.Text(24, 28, "A scene", bold: true);
    segmentation.Text(246, 28, $"{regions.Count} components", bold: true);
    Raster(segmentation, 24, 44, i => $"#{rgb[3 * i]:x2}{rgb[(3 * i) + 1]:x2}{rgb[(3 * i) + 2]:x2}");
    Raster(segmentation, 246, 44, i => Svg.Palette[labels[i] % Svg.Palette.Length]);
    segmentation.Save(To("graph-segmentation"));

    var search = new Svg(470, 226);
    search.Text(24, 28, $"Selective Search: {boxes.Length / 4} boxes of one hierarchy", bold: true);
    Raster(search, 24, 44, i => $"#{rgb[3 * i]:x2}{rgb[(3 * i) + 1]:x2}{rgb[(3 * i) + 2]:x2}");
    search.Rect(246, 44, Width * Side, Height * Side, Svg.Grid);
    for (int i = 0; i < boxes.Length; i += 4)
    {
        string colour = Svg.Palette[i / 4 % Svg.Palette.Length];
        search.Rect(246 + (boxes[i] * Side), 44 + (boxes[i + 1] * Side), (boxes[i + 2] - boxes[i]) * Side, (boxes[i + 3] - boxes[i + 1]) * Side, colour, line: 1.6);
    }

    search.Text(24, 218, "components and all that merging them gave, most similar neighbours first", Svg.Faint, 11);
    search.Save(To("selective-search"));
}

RoiAlignPicture();
RoiPoolPicture();
RoiWarpPicture();
LevelPicture();
IouPicture();
BoxOverlapLossPicture();
BoxCoderPicture();
AnchorPicture();
MatcherPicture();
SamplerPicture();
NmsPicture();
SoftNmsPicture();
FusionPicture();
BoxLossPicture();
FocalPicture();
HardExamplePicture();
RlePicture();
PolygonPicture();
MaskTargetPicture();
MaskPastePicture();
SelectiveSearchPictures();
return 0;
