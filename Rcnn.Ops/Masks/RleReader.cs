namespace Rcnn.Ops;

/// <summary>
/// Reads compressed runs one by one. A number is written in groups of five bits, lowest first, each as character 48 + group, plus 32 when another group follows; bit 4 of the last group is the sign.
/// From the fourth run on it is the difference to the run before the last.
/// </summary>
internal ref struct RleReader(ReadOnlySpan<byte> code)
{
    private readonly ReadOnlySpan<byte> _code = code;
    private int _at;
    private int _index = -1;
    private long _last, _beforeLast;

    /// <summary>The run read last; negative in a damaged code.</summary>
    public long Current { get; private set; }

    /// <summary>What is wrong with the code where reading stopped; null at its proper end.</summary>
    public string? Fault { get; private set; }

    public bool MoveNext()
    {
        if (_at == _code.Length)
        {
            return false;
        }

        long value = 0;
        int start = _at, shift = 0, group;
        do
        {
            if (_at == _code.Length)
            {
                Fault = "the code ends inside a number";
                return false;
            }

            group = _code[_at] - 48;
            if ((uint)group > 63)
            {
                Fault = $"character {_at} has the code {_code[_at]}, 48 to 111 expected";
                return false;
            }

            if (_at - start == 8)
            {
                Fault = $"the number at character {start} is too long";
                return false;
            }

            value |= (long)(group & 31) << shift;
            shift += 5;
            _at++;
        }
        while ((group & 32) != 0);

        if ((group & 16) != 0)
        {
            value |= -1L << shift;
        }

        Current = ++_index > 2 ? value + _beforeLast : value;
        (_beforeLast, _last) = (_last, Current);
        return true;
    }
}
