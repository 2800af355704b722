using Rcnn.Ops;

namespace Rcnn.Core.Data.Synthetic;

/// <summary>
/// One drawn scene: pixels, and for each object its class, the mask of its visible pixels and their bounding box. Background, clutter, objects from back to
/// front, thin lines over them, light, noise. The same stream gives the same bytes on every machine.
/// </summary>
internal sealed class Scene
{
    /// <summary>Class names; label 1 is the first.</summary>
    public static readonly IReadOnlyList<string> ClassNames = ["circle", "square", "triangle", "star", "cross", "ring"];

    private readonly SceneOptions _options;
    private readonly RandomStream _random;
    private readonly float[] _canvas;

    // Which object a pixel belongs to, 1, 2, …; 0 is none.
    private readonly byte[] _owner;
    private readonly List<(int Label, int Pixels)> _objects = [];

    private Scene(SceneOptions options, RandomStream random)
    {
        (_options, _random) = (options, random);
        _canvas = new float[options.Width * options.Height * 3];
        _owner = new byte[options.Width * options.Height];
    }

    /// <summary>A unit vector in any direction.</summary>
    public static (double Cos, double Sin) Direction(RandomStream random)
    {
        while (true)
        {
            double x = random.NextDouble(-1, 1), y = random.NextDouble(-1, 1), square = x * x + y * y;
            if (square is > 0.01 and <= 1)
            {
                double length = Math.Sqrt(square);
                return (x / length, y / length);
            }
        }
    }

    /// <summary>Draws a scene; all randomness comes from <paramref name="random"/>.</summary>
    public static (RgbImage Image, IReadOnlyList<ObjectAnnotation> Objects) Draw(SceneOptions options, RandomStream random)
    {
        var scene = new Scene(options, random);
        scene.DrawBackground();
        int clutter = options.MinClutter + random.NextInt(options.MaxClutter - options.MinClutter + 1);
        for (int i = 0; i < clutter; i++)
        {
            scene.DrawClutter();
        }

        int count = random.NextDouble() < options.EmptyFraction ? 0 : options.MinObjects + random.NextInt(options.MaxObjects - options.MinObjects + 1);
        for (int i = 0; i < count; i++)
        {
            scene.DrawObject();
        }

        for (int i = random.NextInt(3); i > 0 && options.MaxClutter > 2; i--)
        {
            scene.DrawLine();
        }

        return (scene.Expose(), scene.Annotations());
    }

    private static Outline Shape(int label, RandomStream random) => label switch
    {
        1 => Outline.Disc(),
        2 => Outline.Bar(1, 1),
        3 => Outline.Triangle(),
        4 => Outline.Star(random.NextDouble(0.38, 0.5)),
        5 => Outline.Cross(random.NextDouble(0.25, 0.38)),
        _ => Outline.Ring(random.NextDouble(0.45, 0.7)),
    };

    private void DrawBackground()
    {
        int width = _options.Width, height = _options.Height;
        Rgb[] corners = new Rgb[4];
        Rgb ground = Rgb.Random(_random, 40, 215);
        for (int i = 0; i < 4; i++)
        {
            corners[i] = Rgb.Mix(ground, Rgb.Random(_random, 0, 255), 0.3);
        }

        // Value noise: a coarse random lattice, interpolated.
        int cell = 6 + _random.NextInt(27);
        double amplitude = _random.NextDouble(0, _options.MinClutter == 0 ? 10 : 28);
        int columns = width / cell + 2, rows = height / cell + 2;
        var lattice = new double[columns * rows];
        for (int i = 0; i < lattice.Length; i++)
        {
            lattice[i] = _random.NextDouble(-amplitude, amplitude);
        }

        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                double u = x / (double)width, v = y / (double)height;
                Rgb c = Rgb.Mix(Rgb.Mix(corners[0], corners[1], u), Rgb.Mix(corners[2], corners[3], u), v);
                int i = x / cell, j = y / cell;
                double s = x / (double)cell - i, t = y / (double)cell - j;
                double upper = lattice[j * columns + i] + (lattice[j * columns + i + 1] - lattice[j * columns + i]) * s;
                double lower = lattice[(j + 1) * columns + i] + (lattice[(j + 1) * columns + i + 1] - lattice[(j + 1) * columns + i]) * s;
                double noise = upper + (lower - upper) * t;
                Blend(x, y, new Rgb(c.R + noise, c.G + noise, c.B + noise), 1);
            }
        }
    }

    private void DrawClutter()
    {
        double side = Side() * 0.5;
        (Outline shape, double sx, double sy) = _random.NextInt(6) switch
        {
            0 => (Outline.Bar(1, 1), side, side * _random.NextDouble(0.08, 0.25)),
            1 => (Outline.Disc(), side, side * _random.NextDouble(0.2, 0.4)),
            2 => (Outline.HalfDisc(), side, side),
            3 => (Outline.Arc(_random.NextDouble(0.6, 0.85)), side, side),
            4 => (Outline.Angle(_random.NextDouble(0.2, 0.45)), side, side),
            _ => (Outline.Bar(1, 1), side * 1.6, _random.NextDouble(0.6, 1.4)),
        };
        double x = _random.NextDouble(0, _options.Width), y = _random.NextDouble(0, _options.Height);
        Outline outline = shape.Place(sx, sy, Direction(_random), x, y);
        var paint = Paint.Random(_random, Rgb.Random(_random, 0, 255), Rgb.Random(_random, 0, 255), x, y, 2 * side);
        Fill(Coverage.Of(outline, _options.Width, _options.Height), paint, _random.NextDouble(0.6, 1));
    }

    private void DrawLine()
    {
        double x = _random.NextDouble(0, _options.Width), y = _random.NextDouble(0, _options.Height);
        Outline outline = Outline.Bar(1, 1).Place(_random.NextDouble(20, 90), _random.NextDouble(0.5, 1.1), Direction(_random), x, y);
        Rgb colour = Rgb.Random(_random, 0, 255);
        Fill(Coverage.Of(outline, _options.Width, _options.Height), Paint.Random(_random, colour, colour, x, y, 40), _random.NextDouble(0.5, 1));
    }

    private void DrawObject()
    {
        int label = 1 + _random.NextInt(ClassNames.Count);
        Outline shape = Shape(label, _random);
        double side = Side(), aspect = _random.NextDouble(0.82, 1.22);
        double sx = side / 2 * Math.Min(1, aspect), sy = side / 2 * Math.Min(1, 1 / aspect);
        (double Cos, double Sin) turn = Tilt();
        for (int attempt = 0; attempt < 20; attempt++)
        {
            // A margin of 0.3 sides keeps at least about two thirds inside the image.
            double margin = 0.3 * side;
            double x = _random.NextDouble(margin, _options.Width - margin), y = _random.NextDouble(margin, _options.Height - margin);
            Coverage coverage = Coverage.Of(shape.Place(sx, sy, turn, x, y), _options.Width, _options.Height);
            if (Hides(coverage))
            {
                continue;
            }

            int pixels = 0;
            int id = _objects.Count + 1;
            Rgb behind = Mean(coverage);
            ForEach(coverage, (px, py, c) =>
            {
                if (c >= 0.5f)
                {
                    _owner[py * _options.Width + px] = (byte)id;
                    pixels++;
                }
            });
            _objects.Add((label, pixels));
            Rgb main = Contrasting(behind);
            Rgb second = Rgb.Mix(main, Contrasting(behind), _random.NextDouble(0.4, 1));
            Fill(coverage, Paint.Random(_random, main, second, x, y, side), 1);
            return;
        }
    }

    private (double Cos, double Sin) Tilt()
    {
        if (double.IsPositiveInfinity(_options.MaxTilt))
        {
            return Direction(_random);
        }

        double tangent = _random.NextDouble(-_options.MaxTilt, _options.MaxTilt), length = Math.Sqrt(1 + tangent * tangent);
        return (1 / length, tangent / length);
    }

    /// <summary>Whether drawing there would leave too little of an object that is there already.</summary>
    private bool Hides(Coverage coverage)
    {
        Span<int> lost = stackalloc int[_objects.Count + 1];
        lost.Clear();
        for (int y = coverage.Y0; y < coverage.Y0 + coverage.Height; y++)
        {
            for (int x = coverage.X0; x < coverage.X0 + coverage.Width; x++)
            {
                if (coverage[x, y] >= 0.5f)
                {
                    lost[_owner[y * _options.Width + x]]++;
                }
            }
        }

        for (int i = 0; i < _objects.Count; i++)
        {
            if (lost[i + 1] > 0 && Visible(i + 1) - lost[i + 1] < _options.MinVisible * _objects[i].Pixels)
            {
                return true;
            }
        }

        return false;
    }

    private int Visible(int id) => _owner.AsSpan().Count((byte)id);

    private Rgb Mean(Coverage coverage)
    {
        double r = 0, g = 0, b = 0, weight = 1e-9;
        ForEach(coverage, (x, y, c) =>
        {
            int at = (y * _options.Width + x) * 3;
            (r, g, b, weight) = (r + c * _canvas[at], g + c * _canvas[at + 1], b + c * _canvas[at + 2], weight + c);
        });
        return new Rgb(r / weight, g / weight, b / weight);
    }

    private Rgb Contrasting(Rgb behind)
    {
        Rgb best = Rgb.Random(_random, 0, 255);
        for (int i = 0; i < 12 && best.Distance(behind) < _options.MinContrast; i++)
        {
            Rgb other = Rgb.Random(_random, 0, 255);
            best = other.Distance(behind) > best.Distance(behind) ? other : best;
        }

        return best;
    }

    /// <summary>Between the limits, small sides more often than large ones.</summary>
    private double Side()
    {
        double t = _random.NextDouble();
        return _options.MinSide + (_options.MaxSide - _options.MinSide) * t * (0.4 + 0.6 * t);
    }

    private void Fill(Coverage coverage, Paint paint, double opacity) => ForEach(coverage, (x, y, c) => Blend(x, y, paint.At(x, y), c * opacity));

    private static void ForEach(Coverage coverage, Action<int, int, float> action)
    {
        for (int y = coverage.Y0; y < coverage.Y0 + coverage.Height; y++)
        {
            for (int x = coverage.X0; x < coverage.X0 + coverage.Width; x++)
            {
                if (coverage[x, y] is var c and > 0)
                {
                    action(x, y, c);
                }
            }
        }
    }

    private void Blend(int x, int y, Rgb colour, double alpha)
    {
        int at = (y * _options.Width + x) * 3;
        _canvas[at] = (float)(_canvas[at] + (colour.R - _canvas[at]) * alpha);
        _canvas[at + 1] = (float)(_canvas[at + 1] + (colour.G - _canvas[at + 1]) * alpha);
        _canvas[at + 2] = (float)(_canvas[at + 2] + (colour.B - _canvas[at + 2]) * alpha);
    }

    /// <summary>Light (gain around mid-grey, offset) and noise: a sum of four uniform numbers, close to a normal one.</summary>
    private RgbImage Expose()
    {
        double gain = _random.NextDouble(0.7, 1.15), offset = _random.NextDouble(-25, 25), sigma = _random.NextDouble(0, _options.MaxNoise);
        // Four uniform 16-bit numbers have mean 131070 and standard deviation 65536 / √3.
        double scale = sigma / (65536 / Math.Sqrt(3));
        var pixels = new byte[_canvas.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            ulong bits = _random.NextUInt64();
            double sum = (bits & 0xFFFF) + ((bits >> 16) & 0xFFFF) + ((bits >> 32) & 0xFFFF) + (bits >> 48);
            double value = 127.5 + (_canvas[i] - 127.5) * gain + offset + (sum - 131070) * scale;
            pixels[i] = (byte)Math.Clamp(Math.Floor(value + 0.5), 0, 255);
        }

        return new RgbImage(_options.Height, _options.Width, pixels);
    }

    private List<ObjectAnnotation> Annotations()
    {
        var annotations = new List<ObjectAnnotation>();
        for (int id = 1; id <= _objects.Count; id++)
        {
            int left = int.MaxValue, top = int.MaxValue, right = -1, bottom = -1, area = 0;
            for (int at = 0; at < _owner.Length; at++)
            {
                if (_owner[at] == id)
                {
                    (int y, int x) = Math.DivRem(at, _options.Width);
                    (left, top, right, bottom) = (Math.Min(left, x), Math.Min(top, y), Math.Max(right, x), Math.Max(bottom, y));
                    area++;
                }
            }

            byte[] pixels = [.. _owner.Select(o => o == id ? (byte)1 : (byte)0)];
            annotations.Add(new ObjectAnnotation(new Box(left, top, right + 1, bottom + 1), _objects[id - 1].Label, Difficult: false, Crowd: false, area,
                Rle.Encode(pixels, _options.Height, _options.Width)));
        }

        return annotations;
    }
}
