// Named arguments of a script: --name value. Unknown names are rejected with the list of known ones.
#load "../rcnn.csx"

public sealed class Arguments
{
    private readonly Dictionary<string, string> _given = new();
    private readonly List<string> _known = new();

    public Arguments(IList<string> args)
    {
        for (int i = 0; i < args.Count; i += 2)
        {
            if (!args[i].StartsWith("--"))
            {
                throw RcnnException.Usage($"'{args[i]}': an option such as --out DIR is expected");
            }

            if (i + 1 == args.Count)
            {
                throw RcnnException.Usage($"{args[i]}: a value is missing");
            }

            _given[args[i]] = args[i + 1];
        }
    }

    public string Text(string name, string fallback)
    {
        _known.Add(name);
        return _given.TryGetValue(name, out var value) ? value : fallback;
    }

    public int Integer(string name, int fallback) =>
        int.TryParse(Text(name, fallback.ToString()), out int value) && value >= 0 ? value : throw RcnnException.Usage($"{name} {_given[name]}: a whole number is expected");

    public double Number(string name, double fallback) =>
        double.TryParse(Text(name, fallback.ToString()), out double value) ? value : throw RcnnException.Usage($"{name} {_given[name]}: a number is expected");

    /// <summary>Call when all names have been asked for.</summary>
    public void RejectUnknown()
    {
        if (_given.Keys.FirstOrDefault(name => !_known.Contains(name)) is { } unknown)
        {
            throw RcnnException.Usage($"{unknown}: no such option; there are {string.Join(", ", _known)}");
        }
    }
}
