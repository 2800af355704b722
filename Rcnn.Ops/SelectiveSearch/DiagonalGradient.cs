using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>
/// Derivatives along the two diagonals: the image is turned by 45°, differentiated, and the result turned back, both times by bilinear interpolation at 1/32 pixel with 0 outside
/// of the image. Values come ×1024. These are the steps of OpenCV's texture strategy, so that histograms agree.
/// </summary>
internal sealed unsafe class DiagonalGradient
{
    public const int Scale = FractionUnit * FractionUnit;
    private const int FractionBits = 5, FractionUnit = 1 << FractionBits, StepBits = 10, Shift = StepBits - FractionBits;
    private readonly int _height, _width, _turnedHeight, _turnedWidth;
    private readonly Walk _turn, _back;

    public DiagonalGradient(int height, int width)
    {
        (_height, _width) = (height, width);
        double c = Math.Sqrt(0.5), reach = (height + width) * c / 2;
        _turnedWidth = (int)(Math.Ceiling((width / 2.0) + reach) - Math.Floor((width / 2.0) - reach)) + 1;
        _turnedHeight = (int)(Math.Ceiling((height / 2.0) + reach) - Math.Floor((height / 2.0) - reach)) + 1;
        _turn = new Walk(c, -c, width / 2.0, height / 2.0, _turnedWidth / 2.0, _turnedHeight / 2.0, _turnedWidth);

        // Back about the whole pixel nearest to the centre; the image lies in the middle of the turned one.
        int x = _turnedWidth / 2, y = _turnedHeight / 2, left = (_turnedWidth - width) / 2, top = (_turnedHeight - height) / 2;
        _back = new Walk(c, c, x, y, x - left, y - top, width);
    }

    /// <summary>Writes height·width values for either diagonal.</summary>
    public void Apply(byte* plane, int* first, int* second)
    {
        long area = (long)_turnedHeight * _turnedWidth;
        using var turned = new Scratch<byte>(area);
        using var alongX = new Scratch<short>(area);
        using var alongY = new Scratch<short>(area);
        for (int y = 0; y < _turnedHeight; y++)
        {
            byte* target = turned.Pointer + ((long)y * _turnedWidth);
            (int startX, int startY) = _turn.Start(y);
            for (int x = 0; x < _turnedWidth; x++)
            {
                int u = (startX + _turn.StepX[x]) >> Shift, v = (startY + _turn.StepY[x]) >> Shift;
                int column = u >> FractionBits, row = v >> FractionBits;
                target[x] = (uint)(column + 1) <= (uint)_width && (uint)(row + 1) <= (uint)_height
                    ? (byte)((Sample(plane, _height, _width, column, row, u, v) + (Scale / 2)) / Scale)
                    : (byte)0;
            }
        }

        ScharrGradient.Apply(turned.Pointer, _turnedHeight, _turnedWidth, alongX.Pointer, alongY.Pointer);
        for (int y = 0; y < _height; y++)
        {
            (int startX, int startY) = _back.Start(y);
            for (int x = 0; x < _width; x++, first++, second++)
            {
                int u = (startX + _back.StepX[x]) >> Shift, v = (startY + _back.StepY[x]) >> Shift;
                int column = u >> FractionBits, row = v >> FractionBits;
                *first = Sample(alongX.Pointer, _turnedHeight, _turnedWidth, column, row, u, v);
                *second = Sample(alongY.Pointer, _turnedHeight, _turnedWidth, column, row, u, v);
            }
        }
    }

    private static int Sample(byte* plane, int height, int width, int column, int row, int u, int v)
    {
        int fx = u & (FractionUnit - 1), fy = v & (FractionUnit - 1);
        byte* p = plane + ((long)row * width) + column;
        if ((uint)column < (uint)(width - 1) && (uint)row < (uint)(height - 1))
        {
            return Blend(p[0], p[1], p[width], p[width + 1], fx, fy);
        }

        bool left = (uint)column < (uint)width, right = (uint)(column + 1) < (uint)width, up = (uint)row < (uint)height, down = (uint)(row + 1) < (uint)height;
        return Blend(left && up ? p[0] : 0, right && up ? p[1] : 0, left && down ? p[width] : 0, right && down ? p[width + 1] : 0, fx, fy);
    }

    private static int Sample(short* plane, int height, int width, int column, int row, int u, int v)
    {
        int fx = u & (FractionUnit - 1), fy = v & (FractionUnit - 1);
        short* p = plane + ((long)row * width) + column;
        if ((uint)column < (uint)(width - 1) && (uint)row < (uint)(height - 1))
        {
            return Blend(p[0], p[1], p[width], p[width + 1], fx, fy);
        }

        bool left = (uint)column < (uint)width, right = (uint)(column + 1) < (uint)width, up = (uint)row < (uint)height, down = (uint)(row + 1) < (uint)height;
        return Blend(left && up ? p[0] : 0, right && up ? p[1] : 0, left && down ? p[width] : 0, right && down ? p[width + 1] : 0, fx, fy);
    }

    private static int Blend(int p00, int p01, int p10, int p11, int fx, int fy) =>
        ((FractionUnit - fy) * ((p00 * (FractionUnit - fx)) + (p01 * fx))) + (fy * ((p10 * (FractionUnit - fx)) + (p11 * fx)));

    /// <summary>Where the pixels of a turned row come from: start of the row plus one step a pixel, in 1/1024 pixel.</summary>
    private readonly struct Walk
    {
        private readonly double _c, _s, _x, _y;

        /// <summary>source = R·(target − target centre) + source centre with R = [c s; −s c].</summary>
        public Walk(double c, double s, double sourceX, double sourceY, double targetX, double targetY, int columns)
        {
            (_c, _s) = (c, s);
            (_x, _y) = (sourceX - (c * targetX) - (s * targetY), sourceY + (s * targetX) - (c * targetY));
            StepX = [.. Enumerable.Range(0, columns).Select(x => Fixed(c * x))];
            StepY = [.. Enumerable.Range(0, columns).Select(x => Fixed(-s * x))];
        }

        public int[] StepX { get; }

        public int[] StepY { get; }

        public (int X, int Y) Start(int row) => (Fixed((_s * row) + _x) + Half, Fixed((_c * row) + _y) + Half);

        private const int Half = 1 << (Shift - 1);

        private static int Fixed(double v) => (int)Math.Round(v * (1 << StepBits));
    }
}
