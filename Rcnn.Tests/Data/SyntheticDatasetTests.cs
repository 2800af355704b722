using System.Security.Cryptography;
using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Data.Synthetic;

namespace Rcnn.Tests.Data;

public sealed class SyntheticDatasetTests
{
    /// <summary>Pinned: a change means that every published number on this data changes too (and <see cref="SyntheticDataset.Version"/> must rise).</summary>
    [Theory]
    [InlineData("synthetic:train:8", "9775409d97180a01")]
    [InlineData("synthetic:easy:val:8", "1ecf4b80c34586aa")]
    [InlineData("synthetic:hard:test:8", "7c06f9a70bbb64f9")]
    public void PixelsAndBoxes_AreTheSameOnEveryMachine(string spec, string expected)
    {
        IDetectionDataset data = DatasetFactory.Open(spec);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < data.Count; i++)
        {
            hash.AppendData(data.Decode(i).Pixels);
            foreach (ObjectAnnotation o in data[i].Objects)
            {
                hash.AppendData(new[] { (byte)o.Label, (byte)o.Box.X1, (byte)o.Box.Y1, (byte)(o.Box.X2 - 1), (byte)(o.Box.Y2 - 1) });
            }
        }

        Assert.Equal(expected, Convert.ToHexStringLower(hash.GetHashAndReset())[..16]);
    }

    [Fact]
    public void Images_DoNotDependOnOrderThreadOrCount()
    {
        IDetectionDataset few = DatasetFactory.Open("synthetic:train:6"), many = DatasetFactory.Open("synthetic:train:60");
        var parallel = new RgbImage[6];
        Parallel.For(0, 6, i => parallel[5 - i] = many.Decode(5 - i));
        for (int i = 0; i < 6; i++)
        {
            Assert.Equal(few[i].Objects, many[i].Objects);
            Assert.Equal(few.Decode(i).Pixels, parallel[i].Pixels);
        }
    }

    [Fact]
    public void Splits_ShareNoImage()
    {
        IDetectionDataset train = DatasetFactory.Open("synthetic:train:30"), val = DatasetFactory.Open("synthetic:val:30");
        var hashes = new HashSet<string>();
        for (int i = 0; i < 30; i++)
        {
            Assert.True(hashes.Add(Convert.ToHexString(SHA256.HashData(train.Decode(i).Pixels))));
            Assert.True(hashes.Add(Convert.ToHexString(SHA256.HashData(val.Decode(i).Pixels))));
        }

        Assert.NotEqual(train.Fingerprint(), val.Fingerprint());
        Assert.NotEqual(train.Fingerprint(), DatasetFactory.Open("synthetic:train:31").Fingerprint());
    }

    [Theory]
    [InlineData("synthetic")]
    [InlineData("synthetic:easy")]
    [InlineData("synthetic:hard")]
    public void Boxes_AreInsideTheImage_OfSensibleSize_AndHaveTheirArea(string preset)
    {
        IDetectionDataset data = DatasetFactory.Open(preset + ":val:60");
        Assert.Equal(6, data.ClassNames.Count);
        var labels = new HashSet<int>();
        int empty = 0;
        for (int i = 0; i < data.Count; i++)
        {
            ImageRecord record = data[i];
            empty += record.Objects.Count == 0 ? 1 : 0;
            foreach (ObjectAnnotation o in record.Objects)
            {
                labels.Add(o.Label);
                Assert.True(o.Box.X1 >= 0 && o.Box.Y1 >= 0 && o.Box.X2 <= record.Width && o.Box.Y2 <= record.Height, $"{o.Box}");
                Assert.True(o.Box.Width >= 4 && o.Box.Height >= 4, $"{o.Box} in image {i}");
                Assert.InRange(o.Area, 12, o.Box.Area);
            }
        }

        Assert.Equal(6, labels.Count);
        Assert.InRange(empty, 0, 12);
    }

    [Fact]
    public void ColourAlone_DoesNotGiveTheClass()
    {
        // The mean colour of each class over many objects is close to that of all others.
        IDetectionDataset data = DatasetFactory.Open("synthetic:train:150");
        var sums = new double[6][];
        var counts = new int[6];
        for (int i = 0; i < data.Count; i++)
        {
            RgbImage image = data.Decode(i);
            foreach (ObjectAnnotation o in data[i].Objects)
            {
                int x = (int)(o.Box.X1 + o.Box.X2) / 2, y = (int)(o.Box.Y1 + o.Box.Y2) / 2;
                double[] sum = sums[o.Label - 1] ??= new double[3];
                for (int c = 0; c < 3; c++)
                {
                    sum[c] += image.Pixels[(y * image.Width + x) * 3 + c];
                }

                counts[o.Label - 1]++;
            }
        }

        for (int c = 0; c < 3; c++)
        {
            double[] means = [.. Enumerable.Range(0, 6).Select(k => sums[k][c] / counts[k])];
            Assert.True(means.Max() - means.Min() < 50, string.Join(" ", means));
        }
    }

    [Fact]
    public void Coverage_OfAKnownPolygon_IsItsArea()
    {
        Coverage half = Coverage.Of(Outline.Bar(1.5, 1).Place(1, 1, (1, 0), 3, 3), 8, 8);
        double sum = 0;
        for (int y = half.Y0; y < half.Y0 + half.Height; y++)
        {
            for (int x = half.X0; x < half.X0 + half.Width; x++)
            {
                sum += half[x, y];
            }
        }

        Assert.Equal(6, sum, 6);
        Assert.Equal(0.5, half[1, 2], 6);
        Assert.Equal(1, half[2, 2], 6);
        Coverage outside = Coverage.Of(Outline.Disc().Place(2, 2, (1, 0), -9, -9), 8, 8);
        Assert.Equal(0, outside.Width * outside.Height);
    }

    [Fact]
    public void Coverage_OfARing_LeavesTheHoleEmpty()
    {
        Coverage ring = Coverage.Of(Outline.Ring(0.5).Place(20, 20, (1, 0), 24, 24), 48, 48);
        Assert.Equal(0, ring[24, 24]);
        Assert.Equal(1, ring[24, 8], 5);
        double area = 0;
        for (int y = ring.Y0; y < ring.Y0 + ring.Height; y++)
        {
            for (int x = ring.X0; x < ring.X0 + ring.Width; x++)
            {
                area += ring[x, y];
            }
        }

        Assert.Equal(Math.PI * (400 - 100), area, 5.0);
    }

    [Fact]
    public void OtherClasses_AreRefused() =>
        Assert.Contains("circle, square", Assert.Throws<RcnnException>(() => DatasetFactory.Open("synthetic", ["cat"])).Message, StringComparison.Ordinal);
}
