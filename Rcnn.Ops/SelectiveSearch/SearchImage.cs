using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>An image under Selective Search: channels, texture and sorted edges, each computed once and shared by all hierarchies. Dispose once.</summary>
internal sealed class SearchImage : IDisposable
{
    private readonly SelectiveSearchOptions _options;
    private readonly Dictionary<ColourPlane, byte[]> _planes;
    private readonly Dictionary<ColourPlane, TextureBins> _textures = [];
    private readonly PixelEdges[] _edges;

    public SearchImage(ReadOnlySpan<byte> rgb, int height, int width, SelectiveSearchOptions options)
    {
        _options = options;
        ColourPlane[] needed = [.. options.ColourSpaces.SelectMany(ColourPlanes.Of).Distinct()];
        _planes = ColourPlanes.Split(rgb, needed.ToHashSet());
        bool textured = options.Similarities.Any(s => s.HasFlag(Similarity.Texture));
        var smooth = new SmoothPlane[needed.Length];
        var bins = new TextureBins?[needed.Length];
        ParallelLoop.Run(needed.Length, i =>
        {
            smooth[i] = new SmoothPlane(_planes[needed[i]], height, width, options.Sigma);
            bins[i] = textured ? new TextureBins(_planes[needed[i]], height, width) : null;
        });
        _edges = new PixelEdges[options.ColourSpaces.Count];
        ParallelLoop.Run(_edges.Length, s =>
            _edges[s] = new PixelEdges([.. ColourPlanes.Of(options.ColourSpaces[s]).Select(p => smooth[Array.IndexOf(needed, p)])], options.Neighbourhood));
        for (int i = 0; i < needed.Length; i++)
        {
            smooth[i].Dispose();
            if (bins[i] is { } texture)
            {
                _textures.Add(needed[i], texture);
            }
        }
    }

    /// <summary>The regions of the grouping by each similarity, from the segmentation of one colour space at one scale.</summary>
    public RegionExtent[][] Hierarchies(int space, int scale)
    {
        double k = _options.Scales[scale];
        var graph = new RegionGraph(_edges[space].Segment((float)k, _options.MinSize ?? (int)Math.Round(k)));
        ColourPlane[] planes = ColourPlanes.Of(_options.ColourSpaces[space]);
        bool textured = _textures.Count > 0;
        using var histograms = new RegionHistograms(graph.Map, [.. planes.Select(p => _planes[p])], textured ? [.. planes.Select(p => _textures[p])] : []);
        return [.. _options.Similarities.Select(similarity => Group(graph, histograms, similarity))];
    }

    public void Dispose()
    {
        Array.ForEach(_edges, e => e.Dispose());
        foreach (TextureBins texture in _textures.Values)
        {
            texture.Dispose();
        }
    }

    private static RegionExtent[] Group(RegionGraph graph, RegionHistograms histograms, Similarity similarity)
    {
        if ((similarity & (Similarity.Colour | Similarity.Texture)) == 0)
        {
            return HierarchicalGrouping.Run(graph, histograms, similarity);
        }

        using RegionHistograms own = histograms.Copy();
        return HierarchicalGrouping.Run(graph, own, similarity);
    }
}
