using System.Numerics;
using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>
/// Run lengths to and from pixels, characters, boxes. Pictures are row-major and runs go down the columns, so both directions work on 64 columns at a time, one bit each: a row is
/// read or written once, and only where a column changes is there something to do.
/// </summary>
internal static unsafe class RleCodec
{
    private const int Block = 64;

    /// <summary>height·width, below 2³² as the COCO API counts in 32 bits.</summary>
    public static long Pixels(int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(height);
        ArgumentOutOfRangeException.ThrowIfNegative(width);
        long pixels = (long)height * width;
        return pixels <= uint.MaxValue ? pixels : throw new ArgumentException($"a mask of {height}×{width} has {pixels} pixels, at most {uint.MaxValue} expected");
    }

    /// <summary>Appends the runs of a row-major picture.</summary>
    public static void Encode(ReadOnlySpan<byte> pixels, int height, int width, RunBuffer runs)
    {
        fixed (byte* first = pixels)
        {
            Encode(first, new Window(0, 0, height, width), height, width, runs);
        }
    }

    /// <summary>Appends the runs of an image that is 0 outside of <paramref name="window"/>, whose pixels are given row-major.</summary>
    public static void Encode(byte* pixels, Window window, int height, int width, RunBuffer runs)
    {
        uint start = 0, last = (uint)((long)height * width);
        bool inside = false;
        if (window.Height > 0 && window.Width > 0)
        {
            // Above and below the window all is 0, where the image has such rows; `top` is what columns start with.
            bool inner = window.Top > 0, closes = window.Top + window.Height < height;
            int most = window.Height + 1;
            using var scratch = new Scratch<int>((long)Block * most);
            int* changes = scratch.Pointer, count = stackalloc int[Block];
            byte* tail = stackalloc byte[Block];
            for (int left = 0; left < window.Width; left += Block)
            {
                int columns = Math.Min(Block, window.Width - left);
                new Span<int>(count, Block).Clear();
                ulong used = columns == Block ? ulong.MaxValue : (1UL << columns) - 1, top = 0, above = 0;
                for (int y = 0; y < most; y++)
                {
                    ulong row = y < window.Height ? Row(pixels + ((long)y * window.Width) + left, columns, tail) & used : closes ? 0 : above;
                    ulong changed = row ^ above;
                    if (y == 0 && !inner)
                    {
                        (top, changed) = (row, 0);
                    }

                    while (changed != 0)
                    {
                        int c = BitOperations.TrailingZeroCount(changed);
                        changed &= changed - 1;
                        changes[(c * most) + count[c]++] = y;
                    }

                    above = row;
                }

                for (int c = 0; c < columns; c++)
                {
                    uint column = (uint)(window.Left + left + c) * (uint)height;
                    if ((((top >> c) & 1) != 0) != inside)
                    {
                        Change(column);
                    }

                    column += (uint)window.Top;

                    int* change = changes + (c * most);
                    for (int i = 0; i < count[c]; i++)
                    {
                        Change(column + (uint)change[i]);
                    }
                }
            }

            uint behind = (uint)(window.Left + window.Width) * (uint)height;
            if (inside && behind < last)
            {
                Change(behind);
            }
        }

        runs.Add(last - start);

        void Change(uint at)
        {
            runs.Add(at - start);
            start = at;
            inside = !inside;
        }
    }

    /// <summary>Writes the picture of runs that add up to height·width; <paramref name="pixels"/> must hold zeros.</summary>
    public static void Decode(ReadOnlySpan<uint> runs, Span<byte> pixels, int height, int width)
    {
        if (pixels.IsEmpty)
        {
            return;
        }

        using var scratch = new Scratch<ulong>(height);
        ulong* toggles = scratch.Pointer;
        int next = 1;
        bool inside = false;
        long change = runs[0];                             // where the value changes next
        fixed (byte* first = pixels)
        {
            for (int left = 0; left < width; left += Block)
            {
                int columns = Math.Min(Block, width - left);
                new Span<ulong>(toggles, height).Clear();
                for (int c = 0; c < columns; c++)
                {
                    long column = (long)(left + c) * height, end = column + height;
                    ulong bit = 1UL << c;
                    toggles[0] ^= inside ? bit : 0;
                    while (change < end)
                    {
                        inside = !inside;
                        toggles[change - column] ^= bit;
                        change = next < runs.Length ? change + runs[next++] : long.MaxValue;
                    }
                }

                Rows(toggles, first + left, height, width, columns);
            }
        }
    }

    /// <summary>Column and row of the first pixel and the number of columns and rows, in the 32-bit arithmetic of the COCO API, which also counts runs of 0 length.</summary>
    public static (uint X, uint Y, uint Width, uint Height) Box(ReadOnlySpan<uint> runs, uint height, uint width)
    {
        int pairs = runs.Length / 2 * 2;
        if (pairs == 0 || height == 0)
        {
            return default;
        }

        uint left = width, top = height, right = 0, bottom = 0, end = 0, begin = 0, x = 0;
        for (int i = 0; i < pairs; i++)
        {
            end = unchecked(end + runs[i]);
            uint at = unchecked(end - (uint)(i & 1));
            x = Column(at, height, x);
            uint y = at - (x * height);
            if ((i & 1) == 0)
            {
                begin = x;
            }
            else if (begin < x)
            {
                (top, bottom) = (0, height - 1);
            }

            (left, right) = (Math.Min(left, x), Math.Max(right, x));
            (top, bottom) = (Math.Min(top, y), Math.Max(bottom, y));
        }

        return unchecked((left, top, right - left + 1, bottom - top + 1));
    }

    /// <summary>at / height: mostly the column asked for last or the one behind it, which needs no division.</summary>
    public static uint Column(uint at, uint height, uint last)
    {
        ulong start = (ulong)last * height;
        return at - start < height ? last : at - start - height < height ? last + 1 : at / height;
    }

    /// <summary>Appends the runs of the union, or of the intersection, of two masks of one size.</summary>
    public static void Merge(ReadOnlySpan<uint> first, ReadOnlySpan<uint> second, RunBuffer runs, bool all)
    {
        uint a = first.Length > 0 ? first[0] : 0, b = second.Length > 0 ? second[0] : 0, length = 0;
        int i = 1, j = 1;
        bool inA = false, inB = false, inside = false;
        while (true)
        {
            uint step = Math.Min(a, b);
            length += step;
            (a, b) = (a - step, b - step);
            if (a == 0 && i < first.Length)
            {
                a = first[i++];
                inA = !inA;
            }

            if (b == 0 && j < second.Length)
            {
                b = second[j++];
                inB = !inB;
            }

            bool end = a == 0 && b == 0 && i >= first.Length && j >= second.Length, now = all ? inA && inB : inA || inB;
            if (now != inside || end)
            {
                runs.Add(length);
                length = 0;
            }

            if (end)
            {
                return;
            }

            inside = now;
        }
    }

    // Bit c: pixel c of the row is not 0.
    private static ulong Row(byte* row, int columns, byte* tail)
    {
        if (columns < Block)
        {
            new Span<byte>(row, columns).CopyTo(new Span<byte>(tail, columns));
            new Span<byte>(tail + columns, Block - columns).Clear();
            row = tail;
        }

        ulong zeros = Vector256.Equals(Vector256.Load(row), Vector256<byte>.Zero).ExtractMostSignificantBits()
            | ((ulong)Vector256.Equals(Vector256.Load(row + 32), Vector256<byte>.Zero).ExtractMostSignificantBits() << 32);
        return ~zeros;
    }

    // Down the rows, each bit changes where its column does; eight bits become eight bytes by a multiplication.
    private static void Rows(ulong* toggles, byte* pixels, int height, int width, int columns)
    {
        ulong state = 0;
        for (int y = 0; y < height; y++, pixels += width)
        {
            state ^= toggles[y];
            if (state == 0)
            {
                continue;
            }

            for (int c = 0; c < columns; c += 8)
            {
                ulong spread = (((state >> c) & 255) * 0x0101010101010101) & 0x8040201008040201;
                spread = ((spread + 0x7f7f7f7f7f7f7f7f) >> 7) & 0x0101010101010101;
                if (columns - c >= 8)
                {
                    *(ulong*)(pixels + c) = spread;
                    continue;
                }

                for (int i = c; i < columns; i++, spread >>= 8)
                {
                    pixels[i] = (byte)spread;
                }
            }
        }
    }

    /// <summary>A part of an image, in pixels.</summary>
    public readonly record struct Window(int Left, int Top, int Height, int Width);
}
