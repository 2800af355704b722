using System.Text;

namespace Rcnn.Ops;

/// <summary>
/// A mask as COCO stores it: lengths of runs of 0 and 1 in turn, the first one of 0, down the columns from left to right (Lin et al. 2014; numbers and bytes are those of the COCO API).
/// Kept in the compressed form of its files, a few characters a run, and read run by run where it is used. Never changed after it was made.
/// </summary>
public sealed class Rle : Segmentation
{
    private readonly ReadOnlyMemory<byte> _code;

    private Rle(int height, int width, ReadOnlyMemory<byte> code, long area)
    {
        (Height, Width, _code, Area) = (height, width, code, area);
    }

    /// <summary>Rows of the image.</summary>
    public int Height { get; }

    /// <summary>Columns of the image.</summary>
    public int Width { get; }

    /// <summary>How many pixels belong to the object.</summary>
    public long Area { get; }

    /// <summary>The compressed form, characters 48–111.</summary>
    public ReadOnlyMemory<byte> Code => _code;

    /// <summary>The mask of a file's compressed counts.</summary>
    /// <param name="height">Rows, ≥ 0.</param>
    /// <param name="width">Columns, ≥ 0; height·width below 2³².</param>
    /// <param name="code">Characters 48–111; kept, not copied.</param>
    /// <exception cref="ArgumentException">Another character, a code that ends inside a number, a negative run, or runs that do not add up to height·width.</exception>
    public static Rle FromCode(int height, int width, ReadOnlyMemory<byte> code)
    {
        long pixels = RleCodec.Pixels(height, width), sum = 0, area = 0;
        using var runs = new RunBuffer();
        runs.Advance(RleCode.Read(code.Span, runs.Reserve(code.Length)));
        ReadOnlySpan<uint> lengths = runs.Span;
        for (int i = 0; i < lengths.Length; i++)
        {
            sum += lengths[i];
            area += (i & 1) == 0 ? 0 : lengths[i];
        }

        return sum == pixels ? new Rle(height, width, code, area) : throw new ArgumentException(Mismatch(height, width, sum), nameof(code));
    }

    /// <inheritdoc cref="FromCode(int, int, ReadOnlyMemory{byte})"/>
    public static Rle Parse(int height, int width, string code)
    {
        ArgumentNullException.ThrowIfNull(code);
        int wrong = code.AsSpan().IndexOfAnyExceptInRange((char)48, (char)111);
        return wrong >= 0
            ? throw new ArgumentException($"counts: character {wrong} is '{code[wrong]}', '0' to 'o' expected", nameof(code))
            : FromCode(height, width, Encoding.ASCII.GetBytes(code));
    }

    /// <summary>The mask of plain run lengths, as crowds have them in annotation files. Runs of 0 are kept as they are.</summary>
    /// <exception cref="ArgumentException">A run below 0, or runs that do not add up to height·width.</exception>
    public static Rle FromCounts(int height, int width, ReadOnlySpan<long> counts)
    {
        long pixels = RleCodec.Pixels(height, width), sum = 0;
        var runs = new uint[counts.Length];
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] < 0 || counts[i] > pixels)
            {
                throw new ArgumentException($"counts[{i}]: 0 to {pixels} expected, got {counts[i]}", nameof(counts));
            }

            runs[i] = (uint)counts[i];
            sum += counts[i];
        }

        return sum == pixels ? OfRuns(height, width, runs) : throw new ArgumentException(Mismatch(height, width, sum), nameof(counts));
    }

    /// <summary>The mask of a picture.</summary>
    public static Rle Encode(BitmapMask mask)
    {
        ArgumentNullException.ThrowIfNull(mask);
        return Encode(mask.Pixels, mask.Height, mask.Width);
    }

    /// <summary>The mask of a picture given as bytes.</summary>
    /// <param name="pixels">Row-major [height,width]; anything but 0 belongs to the object.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <exception cref="ArgumentException">Another number of bytes.</exception>
    public static Rle Encode(ReadOnlySpan<byte> pixels, int height, int width)
    {
        long expected = RleCodec.Pixels(height, width);
        if (pixels.Length != expected)
        {
            throw new ArgumentException($"pixels: {expected} bytes for {height}×{width} expected, got {pixels.Length}", nameof(pixels));
        }

        using var runs = new RunBuffer();
        RleCodec.Encode(pixels, height, width, runs);
        return OfRuns(height, width, runs.Span);
    }

    /// <summary>The pixels inside a polygon, on the COCO API's grid of a fifth of a pixel. What lies outside of the image is cut off.</summary>
    /// <param name="polygon">x, y, x, y, … in pixels, at least three points; closed by itself.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <exception cref="ArgumentException">Fewer than three points, an odd number of values, or one that is not finite or beyond ±2·10⁸.</exception>
    public static Rle FromPolygon(ReadOnlySpan<double> polygon, int height, int width)
    {
        PolygonMask.Check(polygon, nameof(polygon));
        long pixels = RleCodec.Pixels(height, width);
        using var runs = new RunBuffer();
        PolygonScan.Run(polygon, height, width, (uint)pixels, runs);
        return OfRuns(height, width, runs.Span);
    }

    /// <summary>The pixels of a box, rasterised as the polygon of its corners.</summary>
    /// <exception cref="ArgumentException">A value that is not finite or beyond ±2·10⁸.</exception>
    public static Rle FromBox(double x, double y, double boxWidth, double boxHeight, int height, int width)
    {
        double right = x + boxWidth, bottom = y + boxHeight;
        return FromPolygon([x, y, x, bottom, right, bottom, right, y], height, width);
    }

    /// <summary>The run lengths.</summary>
    public uint[] Counts()
    {
        using var runs = new RunBuffer();
        Decode(runs);
        return runs.Span.ToArray();
    }

    /// <summary>The picture, row-major.</summary>
    /// <exception cref="ArgumentException">An image without pixels, or more than an array holds.</exception>
    public BitmapMask Decode()
    {
        if (RleCodec.Pixels(Height, Width) > Array.MaxLength)
        {
            throw new ArgumentException($"a mask of {Height}×{Width} is too large for a picture");
        }

        using var runs = new RunBuffer();
        Decode(runs);
        var pixels = new byte[Height * Width];
        RleCodec.Decode(runs.Span, pixels, Height, Width);
        return new BitmapMask(Height, Width, pixels);
    }

    /// <summary>The box around the object: first column and row, number of columns and rows; all 0 when nothing belongs to it.</summary>
    public (uint X, uint Y, uint Width, uint Height) Box()
    {
        using var runs = new RunBuffer();
        Decode(runs);
        return RleCodec.Box(runs.Span, (uint)Height, (uint)Width);
    }

    /// <summary>The pixels of any of the masks.</summary>
    /// <exception cref="ArgumentException">No mask, or sizes that differ.</exception>
    public static Rle Union(params IReadOnlyList<Rle> masks) => Merge(masks, all: false);

    /// <summary>The pixels that all masks have.</summary>
    /// <exception cref="ArgumentException">No mask, or sizes that differ.</exception>
    public static Rle Intersection(params IReadOnlyList<Rle> masks) => Merge(masks, all: true);

    /// <summary>
    /// Intersection over union of each pair in float64; against a crowd, the part of the detection that it covers. 0 where the boxes around the objects do not overlap.
    /// </summary>
    /// <param name="detections">N masks.</param>
    /// <param name="truth">G masks of the same size.</param>
    /// <param name="crowd">G flags, or none for no crowd.</param>
    /// <returns>[N,G], row-major</returns>
    /// <exception cref="ArgumentException">Sizes that differ, or another number of flags.</exception>
    public static double[] Iou(IReadOnlyList<Rle> detections, IReadOnlyList<Rle> truth, ReadOnlySpan<bool> crowd = default)
    {
        ArgumentNullException.ThrowIfNull(detections);
        ArgumentNullException.ThrowIfNull(truth);
        if (crowd.Length != 0 && crowd.Length != truth.Count)
        {
            throw new ArgumentException($"crowd: {truth.Count} flags expected, got {crowd.Length}", nameof(crowd));
        }

        var result = new double[checked(detections.Count * truth.Count)];
        if (result.Length > 0)
        {
            using var all = new RleSet();
            Add(all, detections, nameof(detections), detections[0]);
            Add(all, truth, nameof(truth), detections[0]);
            for (int i = 0; i < detections.Count; i++)
            {
                for (int j = 0; j < truth.Count; j++)
                {
                    result[(i * truth.Count) + j] = all.Iou(i, detections.Count + j, crowd.Length > 0 && crowd[j]);
                }
            }
        }

        return result;
    }

    /// <inheritdoc/>
    public override Rle ToRle(int height, int width) => height == Height && width == Width ? this : Encode(Rasterise(height, width));

    /// <inheritdoc/>
    public override BitmapMask Rasterise(int height, int width) => Decode().Resize(height, width);

    /// <inheritdoc/>
    public override bool Equals(Segmentation? other) => other is Rle rle && rle.Height == Height && rle.Width == Width && rle._code.Span.SequenceEqual(_code.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Height, Width, Area, _code.Length);

    /// <summary>The compressed form, as it stands in files.</summary>
    public override string ToString() => Encoding.ASCII.GetString(_code.Span);

    internal static Rle OfRuns(int height, int width, ReadOnlySpan<uint> runs)
    {
        long area = 0;
        for (int i = 1; i < runs.Length; i += 2)
        {
            area += runs[i];
        }

        return new Rle(height, width, RleCode.Write(runs), area);
    }

    /// <summary>Appends the runs.</summary>
    internal void Decode(RunBuffer runs)
    {
        runs.Advance(RleCode.Read(_code.Span, runs.Reserve(_code.Length)));
    }

    private static Rle Merge(IReadOnlyList<Rle> masks, bool all)
    {
        ArgumentNullException.ThrowIfNull(masks);
        if (masks.Count == 0)
        {
            throw new ArgumentException("one mask or more expected, got none", nameof(masks));
        }

        if (masks.Count == 1)
        {
            return masks[0];
        }

        Rle first = masks[0];
        using RunBuffer even = new(), odd = new(), other = new();
        RunBuffer merged = even, next = odd;
        first.Decode(merged);
        for (int i = 1; i < masks.Count; i++)
        {
            if (masks[i].Height != first.Height || masks[i].Width != first.Width)
            {
                throw new ArgumentException($"masks[{i}] of {first.Height}×{first.Width} expected, got {masks[i].Height}×{masks[i].Width}", nameof(masks));
            }

            other.Clear();
            next.Clear();
            masks[i].Decode(other);
            RleCodec.Merge(merged.Span, other.Span, next, all);
            (merged, next) = (next, merged);
        }

        return OfRuns(first.Height, first.Width, merged.Span);
    }

    private static void Add(RleSet set, IReadOnlyList<Rle> masks, string name, Rle like)
    {
        for (int i = 0; i < masks.Count; i++)
        {
            if (masks[i].Height != like.Height || masks[i].Width != like.Width)
            {
                throw new ArgumentException($"{name}[{i}] of {like.Height}×{like.Width} expected, got {masks[i].Height}×{masks[i].Width}", name);
            }

            set.Add(masks[i]);
        }
    }

    private static string Mismatch(int height, int width, long sum) =>
        $"counts add up to {sum} pixels, {height}×{width} has {(long)height * width}";
}
