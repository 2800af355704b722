namespace Rcnn.Ops;

/// <summary>A loss of overlap of two boxes and its derivatives, in double.</summary>
internal sealed unsafe class BoxLoss(OverlapMeasure measure, double epsilon)
{
    private const double AspectFactor = 4 / (Math.PI * Math.PI);

    // torchvision 0.14 hands ε on to the aspect term only.
    private readonly double _epsilon = measure == OverlapMeasure.Complete ? 1e-7 : epsilon;

    /// <param name="a">x1, y1, x2, y2</param>
    /// <param name="b">x1, y1, x2, y2</param>
    /// <param name="da">[4]: receives ∂loss/∂a</param>
    /// <param name="db">[4]: receives ∂loss/∂b</param>
    public double Evaluate(float* a, float* b, double* da, double* db)
    {
        new Span<double>(da, 4).Clear();
        new Span<double>(db, 4).Clear();
        double aw = (double)a[2] - a[0], ah = (double)a[3] - a[1], bw = (double)b[2] - b[0], bh = (double)b[3] - b[1];
        double w = Math.Min((double)a[2], b[2]) - Math.Max((double)a[0], b[0]), h = Math.Min((double)a[3], b[3]) - Math.Max((double)a[1], b[1]);
        bool meet = w > 0 && h > 0;
        double intersection = meet ? w * h : 0, union = aw * ah + bw * bh - intersection;
        double iou = intersection / (union + _epsilon), loss = 1 - iou;
        double byIntersection = -1 / (union + _epsilon), byUnion = iou / (union + _epsilon), byHullWidth = 0, byHullHeight = 0;
        double hullWidth = Math.Max((double)a[2], b[2]) - Math.Min((double)a[0], b[0]), hullHeight = Math.Max((double)a[3], b[3]) - Math.Min((double)a[1], b[1]);
        if (measure == OverlapMeasure.Generalized)
        {
            double hull = hullWidth * hullHeight, share = 1 / (hull + _epsilon);
            loss += (hull - union) * share;
            byUnion -= share;
            double byHull = (union + _epsilon) * share * share;
            (byHullWidth, byHullHeight) = (byHull * hullHeight, byHull * hullWidth);
        }
        else if (measure is OverlapMeasure.Distance or OverlapMeasure.Complete)
        {
            double dx = ((double)a[0] + a[2] - b[0] - b[2]) / 2, dy = ((double)a[1] + a[3] - b[1] - b[3]) / 2;
            double share = 1 / (hullWidth * hullWidth + hullHeight * hullHeight + _epsilon), distance = (dx * dx + dy * dy) * share;
            loss += distance;
            (byHullWidth, byHullHeight) = (-2 * distance * share * hullWidth, -2 * distance * share * hullHeight);
            Add(da, dx * share, dy * share, dx * share, dy * share);
            Add(db, -dx * share, -dy * share, -dx * share, -dy * share);
        }

        if (measure == OverlapMeasure.Complete)
        {
            double turn = Math.Atan(bw / bh) - Math.Atan(aw / ah), v = AspectFactor * turn * turn;
            double alpha = v / (1 - iou + v + epsilon), byAngle = 2 * AspectFactor * alpha * turn;
            loss += alpha * v;
            Sides(da, -byAngle * ah / (aw * aw + ah * ah), byAngle * aw / (aw * aw + ah * ah));
            Sides(db, byAngle * bh / (bw * bw + bh * bh), -byAngle * bw / (bw * bw + bh * bh));
        }

        // The union is the areas less the intersection.
        Sides(da, byUnion * ah, byUnion * aw);
        Sides(db, byUnion * bh, byUnion * bw);
        if (meet)
        {
            byIntersection -= byUnion;
            Inner(a, b, da, db, byIntersection * h, byIntersection * w);
        }

        Outer(a, b, da, db, byHullWidth, byHullHeight);
        return loss;
    }

    private static void Add(double* d, double x1, double y1, double x2, double y2)
    {
        d[0] += x1;
        d[1] += y1;
        d[2] += x2;
        d[3] += y2;
    }

    private static void Sides(double* d, double byWidth, double byHeight) => Add(d, -byWidth, -byHeight, byWidth, byHeight);

    // The intersection runs from the greater x1 to the smaller x2.
    private static void Inner(float* a, float* b, double* da, double* db, double byWidth, double byHeight)
    {
        double x1 = Greater(a[0], b[0]), y1 = Greater(a[1], b[1]), x2 = Greater(b[2], a[2]), y2 = Greater(b[3], a[3]);
        Add(da, -byWidth * x1, -byHeight * y1, byWidth * x2, byHeight * y2);
        Add(db, -byWidth * (1 - x1), -byHeight * (1 - y1), byWidth * (1 - x2), byHeight * (1 - y2));
    }

    // The hull runs from the smaller x1 to the greater x2.
    private static void Outer(float* a, float* b, double* da, double* db, double byWidth, double byHeight)
    {
        double x1 = Greater(b[0], a[0]), y1 = Greater(b[1], a[1]), x2 = Greater(a[2], b[2]), y2 = Greater(a[3], b[3]);
        Add(da, -byWidth * x1, -byHeight * y1, byWidth * x2, byHeight * y2);
        Add(db, -byWidth * (1 - x1), -byHeight * (1 - y1), byWidth * (1 - x2), byHeight * (1 - y2));
    }

    // The share of the first in the maximum.
    private static double Greater(float a, float b) => a > b ? 1 : a == b ? 0.5 : 0;
}
