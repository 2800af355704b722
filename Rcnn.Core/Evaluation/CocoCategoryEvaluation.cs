using Rcnn.Ops;

namespace Rcnn.Core.Evaluation;

/// <summary>Works off one category after another: match within each image, rank over all images, read precision at the recall levels.</summary>
internal sealed class CocoCategoryEvaluation : IDisposable
{
    private const byte False = 0, True = 1, Ignored = 2;

    private readonly CocoEvaluationData _data;
    private readonly int _categories;
    private readonly int _limit;
    private readonly double[] _iou, _levels, _precision, _recall, _scores;
    private readonly int[] _limits;
    private readonly AreaRange[] _areas;
    private readonly int[] _positives;

    private byte[] _outcome = [];                          // [A,T,n]: False, True or Ignored for each detection kept
    private int[] _kept = [], _rank = [], _order = [], _scratch = [], _limited = [], _at = [];
    private double[] _score = [], _overlap = [], _curve = [];
    private int[] _objects = [];                           // objects of the image, those that count first
    private bool[] _taken = [];
    private RleSet? _masks;

    public CocoCategoryEvaluation(CocoEvaluationData data, CocoEvaluationOptions options, int categories, double[] precision, double[] recall, double[] scores)
    {
        _data = data;
        _categories = categories;
        (_iou, _levels, _limits, _areas) = ([.. options.IouThresholds], [.. options.RecallThresholds], [.. options.MaxDetections], [.. options.AreaRanges]);
        _limit = _limits[^1];
        _positives = new int[_areas.Length];
        _masks = options.IouType == CocoIouType.Mask ? new RleSet() : null;
        (_precision, _recall, _scores) = (precision, recall, scores);
    }

    public void Dispose()
    {
        _masks?.Dispose();
        _masks = null;
    }

    public void Run(int category)
    {
        int d = _data.DetectionStart[category], dEnd = _data.DetectionStart[category + 1];
        int g = _data.ObjectStart[category], gEnd = _data.ObjectStart[category + 1];
        if (g == gEnd)
        {
            return;                                        // nothing to find: −1 everywhere
        }

        int capacity = dEnd - d;
        Reserve(capacity);
        Array.Clear(_positives);
        int kept = 0;
        while (d < dEnd || g < gEnd)
        {
            int image = Math.Min(d < dEnd ? _data.DetectionImage[d] : int.MaxValue, g < gEnd ? _data.ObjectImage[g] : int.MaxValue);
            int dNext = d, gNext = g;
            while (dNext < dEnd && _data.DetectionImage[dNext] == image)
            {
                dNext++;
            }

            while (gNext < gEnd && _data.ObjectImage[gNext] == image)
            {
                gNext++;
            }

            kept += MatchImage(d, dNext, g, gNext, kept, capacity);
            (d, g) = (dNext, gNext);
        }

        Accumulate(category, kept, capacity);
    }

    /// <summary>Keeps the best detections of the image and fills their outcomes for every area range and threshold; returns how many.</summary>
    private int MatchImage(int d0, int d1, int g0, int g1, int first, int capacity)
    {
        Span<int> order = _kept.AsSpan(first, d1 - d0);
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = d0 + i;
        }

        ScoreOrder.Sort(order, _data.DetectionScore, _scratch.AsSpan(0, order.Length));
        int count = Math.Min(order.Length, _limit);
        for (int i = 0; i < count; i++)
        {
            _rank[first + i] = i;
            _score[first + i] = _data.DetectionScore[order[i]];
        }

        int objects = g1 - g0;
        if (objects > 0)
        {
            Overlaps(order[..count], g0, objects);
        }

        for (int a = 0; a < _areas.Length; a++)
        {
            int counting = objects == 0 ? 0 : OrderObjects(g0, objects, _areas[a]);
            _positives[a] += counting;
            for (int t = 0; t < _iou.Length; t++)
            {
                Span<byte> outcome = _outcome.AsSpan((((a * _iou.Length) + t) * capacity) + first, count);
                if (objects == 0)
                {
                    Unmatched(order, outcome, _areas[a]);
                }
                else
                {
                    Match(order, outcome, g0, objects, counting, _areas[a], Math.Min(_iou[t], 1 - 1e-10));
                }
            }
        }

        return count;
    }

    /// <summary>IoU [detections, objects] in float64; against a crowd, the part of the detection that it covers.</summary>
    private void Overlaps(ReadOnlySpan<int> detections, int g0, int objects)
    {
        if (_overlap.Length < detections.Length * objects)
        {
            _overlap = new double[2 * detections.Length * objects];
        }

        if (_masks is not null)
        {
            MaskOverlaps(_masks, detections, g0, objects);
            return;
        }

        for (int i = 0; i < detections.Length; i++)
        {
            ReadOnlySpan<double> d = _data.DetectionBox.AsSpan(4 * detections[i], 4);
            for (int j = 0; j < objects; j++)
            {
                _overlap[(i * objects) + j] = CocoOverlap.OfBoxes(d, _data.ObjectBox.AsSpan(4 * (g0 + j), 4), _data.ObjectCrowd[g0 + j]);
            }
        }
    }

    private void MaskOverlaps(RleSet masks, ReadOnlySpan<int> detections, int g0, int objects)
    {
        masks.Clear();
        for (int j = 0; j < objects; j++)
        {
            masks.Add(_data.ObjectMask[g0 + j]);
        }

        for (int i = 0; i < detections.Length; i++)
        {
            masks.Add(_data.DetectionMask[detections[i]]);
            for (int j = 0; j < objects; j++)
            {
                _overlap[(i * objects) + j] = masks.Iou(objects + i, j, _data.ObjectCrowd[g0 + j]);
            }
        }
    }

    /// <summary>Objects that count in the range, then the ignored ones, each in file order; returns how many count.</summary>
    private int OrderObjects(int g0, int objects, AreaRange range)
    {
        if (_objects.Length < objects)
        {
            (_objects, _taken) = (new int[2 * objects], new bool[2 * objects]);
        }

        int counting = 0;
        for (int pass = 0, next = 0; pass < 2; pass++)
        {
            for (int j = 0; j < objects; j++)
            {
                bool ignored = _data.ObjectCrowd[g0 + j] || _data.ObjectArea[g0 + j] < range.Low || _data.ObjectArea[g0 + j] > range.High;
                if (ignored == (pass == 1))
                {
                    _objects[next++] = j;
                }
            }

            counting = pass == 0 ? next : counting;
        }

        return counting;
    }

    private void Match(ReadOnlySpan<int> detections, Span<byte> outcome, int g0, int objects, int counting, AreaRange range, double threshold)
    {
        _taken.AsSpan(0, objects).Clear();
        for (int i = 0; i < outcome.Length; i++)
        {
            ReadOnlySpan<double> overlap = _overlap.AsSpan(i * objects, objects);
            double best = threshold;
            int match = -1;
            for (int o = 0; o < objects; o++)
            {
                if (o == counting && match >= 0)
                {
                    break;                                 // a match that counts is never given up for an ignored one
                }

                int j = _objects[o];
                if ((_taken[o] && !_data.ObjectCrowd[g0 + j]) || overlap[j] < best)
                {
                    continue;
                }

                (best, match) = (overlap[j], o);
            }

            bool matched = false, ignored = false;
            if (match >= 0)
            {
                _taken[match] = true;
                matched = !_data.ObjectIdIsZero[g0 + _objects[match]];
                ignored = match >= counting;
            }

            outcome[i] = ignored || (!matched && Outside(detections[i], range)) ? Ignored : matched ? True : False;
        }
    }

    private void Unmatched(ReadOnlySpan<int> detections, Span<byte> outcome, AreaRange range)
    {
        for (int i = 0; i < outcome.Length; i++)
        {
            outcome[i] = Outside(detections[i], range) ? Ignored : False;
        }
    }

    private bool Outside(int detection, AreaRange range)
    {
        double area = _data.DetectionArea[detection];
        return area < range.Low || area > range.High;
    }

    /// <summary>Ranks the detections of all images and fills precision, recall and scores of the category.</summary>
    private void Accumulate(int category, int kept, int capacity)
    {
        Span<int> order = _order.AsSpan(0, kept);
        for (int i = 0; i < kept; i++)
        {
            order[i] = i;
        }

        ScoreOrder.Sort(order, _score, _scratch.AsSpan(0, kept));
        for (int m = 0; m < _limits.Length; m++)
        {
            int n = 0;
            foreach (int i in order)
            {
                if (_rank[i] < _limits[m])
                {
                    _limited[n++] = i;
                }
            }

            for (int a = 0; a < _areas.Length; a++)
            {
                if (_positives[a] == 0)
                {
                    continue;
                }

                for (int t = 0; t < _iou.Length; t++)
                {
                    ReadOnlySpan<byte> outcome = _outcome.AsSpan(((a * _iou.Length) + t) * capacity, kept);
                    Curve(_limited.AsSpan(0, n), outcome, _positives[a], category, t, a, m);
                }
            }
        }
    }

    private void Curve(ReadOnlySpan<int> order, ReadOnlySpan<byte> outcome, int positives, int category, int t, int a, int m)
    {
        const double Spacing = 2.220446049250313e-16;      // the float64 step at 1
        int hits = 0, misses = 0;
        for (int i = 0; i < order.Length; i++)
        {
            byte o = outcome[order[i]];
            if (o == True)
            {
                _at[hits] = order[i];
                hits++;
                _curve[hits - 1] = hits / ((double)misses + hits + Spacing);
            }
            else
            {
                misses += o == False ? 1 : 0;
            }
        }

        for (int i = hits - 1; i > 0; i--)
        {
            if (_curve[i] > _curve[i - 1])
            {
                _curve[i - 1] = _curve[i];
            }
        }

        int inner = (((category * _areas.Length) + a) * _limits.Length) + m;
        int stride = _categories * _areas.Length * _limits.Length;
        _recall[(t * stride) + inner] = (double)hits / positives;
        int hit = 0;
        for (int r = 0; r < _levels.Length; r++)
        {
            while (hit < hits && (hit + 1.0) / positives < _levels[r])
            {
                hit++;
            }

            // Level 0 is reached by the first detection, right or wrong; every other one by a true positive.
            bool atStart = _levels[r] <= 0;
            int cell = (((t * _levels.Length) + r) * stride) + inner;
            _precision[cell] = hit < hits ? _curve[hit] : 0;
            _scores[cell] = atStart ? (order.Length > 0 ? _score[order[0]] : 0) : hit < hits ? _score[_at[hit]] : 0;
        }
    }

    private void Reserve(int capacity)
    {
        long cells = (long)capacity * _areas.Length * _iou.Length;
        if (_outcome.Length < cells)
        {
            _outcome = new byte[cells];
        }

        if (_kept.Length < capacity)
        {
            _kept = new int[capacity];
            _rank = new int[capacity];
            _order = new int[capacity];
            _scratch = new int[capacity];
            _limited = new int[capacity];
            _at = new int[capacity];
            _score = new double[capacity];
            _curve = new double[capacity];
        }
    }
}
