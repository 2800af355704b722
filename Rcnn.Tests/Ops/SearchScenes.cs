using Rcnn.Ops;

namespace Rcnn.Tests.Ops;

/// <summary>Small RGB images with objects whose boxes are known.</summary>
internal static class SearchScenes
{
    /// <summary>Noise of ±6 around a colour for the ground and each of six rectangles.</summary>
    public static byte[] Scene(RandomStream random, int height, int width) => Scene(random, height, width, 6, out _);

    /// <summary>Rectangles lie in cells of their own, so that none hides another.</summary>
    public static byte[] Scene(RandomStream random, int height, int width, int count, out (int X1, int Y1, int X2, int Y2)[] objects)
    {
        var image = new byte[3 * height * width];
        int columns = (int)Math.Ceiling(Math.Sqrt(count)), rows = (count + columns - 1) / columns, w = width / columns, h = height / rows;
        Fill(image, width, (0, 0, width, height), random);
        objects = new (int, int, int, int)[count];
        for (int i = 0; i < count; i++)
        {
            int x = i % columns * w, y = i / columns * h;
            objects[i] = (x + 1 + random.NextInt(w / 4), y + 1 + random.NextInt(h / 4), x + w - 1 - random.NextInt(w / 4), y + h - 1 - random.NextInt(h / 4));
            Fill(image, width, objects[i], random);
        }

        return image;
    }

    private static void Fill(byte[] image, int width, (int X1, int Y1, int X2, int Y2) box, RandomStream random)
    {
        int[] colour = [10 + random.NextInt(230), 10 + random.NextInt(230), 10 + random.NextInt(230)];
        for (int y = box.Y1; y < box.Y2; y++)
        {
            for (int x = box.X1; x < box.X2; x++)
            {
                for (int c = 0; c < 3; c++)
                {
                    image[(3 * ((y * width) + x)) + c] = (byte)(colour[c] - 6 + random.NextInt(13));
                }
            }
        }
    }
}
