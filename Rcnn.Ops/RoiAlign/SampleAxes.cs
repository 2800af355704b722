namespace Rcnn.Ops;

/// <summary>The regions and sample lists of a few RoIs, built once and used for one block of channels after another.</summary>
internal readonly unsafe struct SampleAxes : IDisposable
{
    private readonly RoiAlignSettings _settings;
    private readonly int _height, _width;

    public SampleAxes(int count, in RoiAlignSettings settings, int height, int width)
    {
        (_settings, _height, _width) = (settings, height, width);
        Regions = new RoiAlignRegion[count];
        Ys = new SampleAxis[count];
        Xs = new SampleAxis[count];
        for (int i = 0; i < count; i++)
        {
            Ys[i] = new SampleAxis(settings.Height, height);
            Xs[i] = new SampleAxis(settings.Width, width);
        }
    }

    public RoiAlignRegion[] Regions { get; }

    public SampleAxis[] Ys { get; }

    public SampleAxis[] Xs { get; }

    public void Build(int i, float* roi)
    {
        Regions[i] = new RoiAlignRegion(roi, _settings, _height, _width);
        Ys[i].Build(Regions[i].Y);
        Xs[i].Build(Regions[i].X);
    }

    public void Dispose()
    {
        for (int i = 0; i < Ys.Length; i++)
        {
            Ys[i].Dispose();
            Xs[i].Dispose();
        }
    }
}
