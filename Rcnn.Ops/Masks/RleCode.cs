using System.Buffers;

namespace Rcnn.Ops;

/// <summary>
/// The characters of compressed runs. A number is written in groups of five bits, lowest first, each as character 48 + group, plus 32 when another group follows; bit 4 of the last group is
/// the sign. From the fourth run on it is the difference to the run before the last.
/// </summary>
internal static class RleCode
{
    private const int MostGroups = 8;

    /// <summary>Reads the runs into <paramref name="runs"/>, which has room for one a character, and returns how many there are.</summary>
    /// <exception cref="ArgumentException">Another character, an end inside a number, or a run below 0 or above 32 bits.</exception>
    public static int Read(ReadOnlySpan<byte> code, Span<uint> runs)
    {
        int at = 0, count = 0;
        while (at < code.Length)
        {
            uint group = (uint)code[at++] - 48;
            long value = (group ^ 16) - 16L;               // five bits with their sign
            if (group > 31)
            {
                at--;
                value = Long(code, ref at);
            }

            if (count > 2)
            {
                value += runs[count - 2];
            }

            if ((ulong)value > uint.MaxValue)
            {
                throw new ArgumentException($"counts: run {count} is {value}, 0 to {uint.MaxValue} expected", nameof(code));
            }

            runs[count++] = (uint)value;
        }

        return count;
    }

    public static byte[] Write(ReadOnlySpan<uint> runs)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Max(1, checked(7 * runs.Length)));
        int length = 0;
        for (int i = 0; i < runs.Length; i++)
        {
            long x = i > 2 ? (long)runs[i] - runs[i - 2] : runs[i];
            bool more = true;
            while (more)
            {
                int group = (int)(x & 31);
                x >>= 5;
                more = (group & 16) != 0 ? x != -1 : x != 0;
                buffer[length++] = (byte)((more ? group | 32 : group) + 48);
            }
        }

        byte[] result = buffer.AsSpan(0, length).ToArray();
        ArrayPool<byte>.Shared.Return(buffer);
        return result;
    }

    private static long Long(ReadOnlySpan<byte> code, ref int at)
    {
        long value = 0;
        int start = at, shift = 0;
        uint group;
        do
        {
            group = at < code.Length ? (uint)code[at] - 48 : throw new ArgumentException("counts: the code ends inside a number", nameof(code));
            if (group > 63)
            {
                throw new ArgumentException($"counts: character {at} has the code {code[at]}, 48 to 111 expected", nameof(code));
            }

            if (at - start == MostGroups)
            {
                throw new ArgumentException($"counts: the number at character {start} is too long", nameof(code));
            }

            value |= (long)(group & 31) << shift;
            shift += 5;
            at++;
        }
        while ((group & 32) != 0);

        return (group & 16) != 0 ? value | (-1L << shift) : value;
    }
}
