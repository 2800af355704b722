using Rcnn.Ops;

namespace Rcnn.Tests.Ops;

public sealed class RleTests
{
    public static TheoryData<int, int> Sizes => new() { { 1, 1 }, { 1, 9 }, { 9, 1 }, { 1, 200 }, { 200, 1 }, { 41, 67 }, { 7, 64 }, { 5, 65 }, { 64, 128 }, { 33, 130 } };

    [Fact]
    public void Encode_CountsDownTheColumns_StartingWithZeros()
    {
        // . # .
        // # # .
        var mask = new BitmapMask(2, 3, [0, 1, 0, 1, 1, 0]);
        Rle rle = Rle.Encode(mask);
        Assert.Equal([1u, 3, 2], rle.Counts());
        Assert.Equal("132", rle.ToString());
        Assert.Equal([0u, 6], Rle.Encode([1, 1, 1, 9, 1, 255], 2, 3).Counts());
        Assert.Equal([6u], Rle.Encode(new byte[6], 2, 3).Counts());
        Assert.Equal((0u, 0u, 2u, 2u), rle.Box());
        Assert.Equal(3, rle.Area);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void RoundTrips_AreTheIdentity_AndAreaIsTheNumberOfPixels(int height, int width)
    {
        foreach (BitmapMask mask in Masks(height, width))
        {
            Rle rle = Rle.Encode(mask);
            Assert.Equal(SlowCounts(mask), rle.Counts());
            Assert.Equal(mask.Pixels.ToArray(), rle.Decode().Pixels.ToArray());
            Assert.Equal(mask.Area, rle.Area);
            Rle parsed = Rle.Parse(height, width, rle.ToString());
            Assert.Equal(rle.Counts(), parsed.Counts());
            Assert.Equal(rle.ToString(), Rle.FromCounts(height, width, [.. rle.Counts().Select(c => (long)c)]).ToString());
            Assert.Equal(rle.Area, parsed.Area);
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Box_EnclosesTheObject(int height, int width)
    {
        foreach (BitmapMask mask in Masks(height, width))
        {
            (uint x, uint y, uint w, uint h) = Rle.Encode(mask).Box();
            if (mask.Box() is not { } box)
            {
                Assert.Equal((0u, 0u, 0u, 0u), (x, y, w, h));
                continue;
            }

            // Runs that pass from column to column give the whole height, even where the columns between are what the object has there.
            Assert.Equal((box.X1, box.X2), ((int)x, (int)(x + w)));
            bool passes = Rle.Encode(mask).Decode() is var m && PassesColumns(m);
            Assert.Equal(passes ? (0, height) : (box.Y1, box.Y2), ((int)y, (int)(y + h)));
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void UnionIntersectionAndIou_AreThoseOfThePixels(int height, int width)
    {
        BitmapMask[] masks = [.. Masks(height, width)];
        for (int i = 0; i < masks.Length; i++)
        {
            for (int j = 0; j < masks.Length; j++)
            {
                byte[] a = masks[i].Pixels.ToArray(), b = masks[j].Pixels.ToArray();
                byte[] union = [.. a.Zip(b, (p, q) => (byte)(p | q))], common = [.. a.Zip(b, (p, q) => (byte)(p & q))];
                (Rle first, Rle second) = (Rle.Encode(masks[i]), Rle.Encode(masks[j]));
                Assert.Equal(Rle.Encode(union, height, width).ToString(), Rle.Union(first, second).ToString());
                Assert.Equal(Rle.Encode(common, height, width).ToString(), Rle.Intersection(first, second).ToString());
                Assert.Equal(Rle.Union(first, second).ToString(), Rle.Union(second, first).ToString());

                int inter = common.Count(p => p == 1);
                double expected = inter == 0 ? 0 : (double)inter / union.Count(p => p == 1), crowd = inter == 0 ? 0 : (double)inter / a.Count(p => p == 1);
                Assert.Equal([expected, crowd], Rle.Iou([first], [second, second], [false, true]));
            }
        }

        Rle[] all = [.. masks.Select(Rle.Encode)];
        Assert.Equal(Rle.Union(all).ToString(), Rle.Union([.. all.Reverse()]).ToString());
        Assert.Equal(Rle.Intersection(all).ToString(), Rle.Intersection([.. all.Reverse()]).ToString());
    }

    [Fact]
    public void RunsOfZeroLength_AreKept_AndMeanNothing()
    {
        Rle rle = Rle.FromCounts(2, 3, [1, 0, 0, 2, 3]);
        Assert.Equal([1u, 0, 0, 2, 3], rle.Counts());
        Assert.Equal([0, 1, 0, 1, 0, 0], rle.Decode().Pixels.ToArray());
        Assert.Equal([1u, 2, 3], Rle.Encode(rle.Decode()).Counts());
        Assert.Equal([1.0], Rle.Iou([rle], [Rle.Parse(2, 3, "123")]));
        Assert.Equal([1u, 2, 3], Rle.Encode(Rle.Union(rle, rle).Decode()).Counts());
    }

    [Fact]
    public void LargeImages_CountIn32Bits()
    {
        Rle rle = Rle.FromCounts(60000, 70000, [4199999999, 1]);
        Assert.Equal([4199999999u, 1], Rle.Parse(60000, 70000, rle.ToString()).Counts());
        Assert.Equal((69999u, 59999u, 1u, 1u), rle.Box());
        Rle square = Rle.FromPolygon([69990, 59990, 69990, 60000, 70000, 60000, 70000, 59990], 60000, 70000);
        Assert.Equal(100, square.Area);
        Assert.Equal([0.01], Rle.Iou([rle], [square]));
        Assert.Contains("at most 4294967295", Assert.Throws<ArgumentException>(() => Rle.FromCounts(70000, 70000, [4900000000])).Message);
        Assert.Contains("too large for a picture", Assert.Throws<ArgumentException>(() => rle.Decode()).Message);
    }

    [Fact]
    public void WrongCounts_AreNamed()
    {
        string Message(Action act) => Assert.ThrowsAny<ArgumentException>(act).Message;
        Assert.Contains("counts add up to 5 pixels, 2×3 has 6", Message(() => Rle.FromCounts(2, 3, [1, 4])));
        Assert.Contains("counts[1]: 0 to 6 expected, got -4", Message(() => Rle.FromCounts(2, 3, [1, -4, 9])));
        Assert.Contains("counts[0]: 0 to 6 expected, got 9223372036854775807", Message(() => Rle.FromCounts(2, 3, [long.MaxValue])));
        Assert.Contains("counts add up to 5 pixels, 2×3 has 6", Message(() => Rle.Parse(2, 3, "122")));
        Assert.Contains("counts add up to 7 pixels, 2×3 has 6", Message(() => Rle.Parse(2, 3, "133")));
        Assert.Contains("the code ends inside a number", Message(() => Rle.Parse(2, 3, "13P")));
        Assert.Contains("character 1 is ' ', '0' to 'o' expected", Message(() => Rle.Parse(2, 3, "1 2")));
        Assert.Contains("character 1 has the code 200", Message(() => Rle.FromCode(2, 3, new byte[] { 49, 200 })));
        Assert.Contains("run 1 is -1, 0 to 4294967295 expected", Message(() => Rle.Parse(2, 3, "1O6")));
        Assert.Contains("is too long", Message(() => Rle.Parse(2, 3, "PPPPPPPPPP1")));
        Assert.Contains("counts add up to 0 pixels", Message(() => Rle.Parse(2, 3, "")));
        Assert.Contains("pixels: 6 bytes for 2×3 expected, got 5", Message(() => Rle.Encode(new byte[5], 2, 3)));
        Assert.Contains("height", Message(() => Rle.Parse(-1, 3, "")));
        Rle a = Rle.Parse(2, 3, "132"), b = Rle.Parse(3, 2, "132");
        Assert.Contains("truth[0] of 2×3 expected, got 3×2", Message(() => Rle.Iou([a], [b])));
        Assert.Contains("masks[1] of 2×3 expected, got 3×2", Message(() => Rle.Union(a, b)));
        Assert.Contains("one mask or more", Message(() => Rle.Union()));
        Assert.Contains("crowd: 1 flags expected, got 2", Message(() => Rle.Iou([a], [a], [true, false])));
    }

    [Fact]
    public void Nothing_GivesNothing()
    {
        Assert.Empty(Rle.Iou([], [Rle.Parse(2, 3, "132")]));
        Rle empty = Rle.FromCounts(0, 5, [0]);
        Assert.Equal("0", empty.ToString());
        Assert.Equal("", Rle.Parse(0, 0, "").ToString());
        Assert.Equal((0, default), (empty.Area, empty.Box()));
    }

    private static IEnumerable<BitmapMask> Masks(int height, int width)
    {
        var random = new RandomStream(3, $"{height}×{width}");
        yield return new BitmapMask(height, width, new byte[height * width]);
        yield return new BitmapMask(height, width, [.. Enumerable.Repeat((byte)1, height * width)]);
        foreach (double part in new[] { 0.02, 0.5, 0.9 })
        {
            yield return new BitmapMask(height, width, [.. Enumerable.Range(0, height * width).Select(_ => (byte)(random.NextDouble() < part ? 1 : 0))]);
        }

        for (int i = 0; i < 3; i++)
        {
            int left = random.NextInt(width), top = random.NextInt(height), w = 1 + random.NextInt(width - left), h = 1 + random.NextInt(height - top);
            yield return new BitmapMask(height, width, [.. Enumerable.Range(0, height * width)
                .Select(p => (byte)(p % width >= left && p % width < left + w && p / width >= top && p / width < top + h ? 1 : 0))]);
        }
    }

    private static uint[] SlowCounts(BitmapMask mask)
    {
        var counts = new List<uint> { 0 };
        byte value = 0;
        for (int x = 0; x < mask.Width; x++)
        {
            for (int y = 0; y < mask.Height; y++)
            {
                if (mask.Pixels[(y * mask.Width) + x] != value)
                {
                    counts.Add(0);
                    value ^= 1;
                }

                counts[^1]++;
            }
        }

        return [.. counts];
    }

    // Whether some run of the object goes on from the last row of a column to the first of the next.
    private static bool PassesColumns(BitmapMask mask) => Enumerable.Range(1, Math.Max(0, mask.Width - 1))
        .Any(x => x < mask.Width && mask.Pixels[((mask.Height - 1) * mask.Width) + x - 1] == 1 && mask.Pixels[x] == 1);
}
