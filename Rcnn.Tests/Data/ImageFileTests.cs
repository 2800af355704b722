using Rcnn.Core;
using Rcnn.Core.Data;

namespace Rcnn.Tests.Data;

public sealed class ImageFileTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Png_WrittenAndRead_HasTheSamePixelsInRgbOrder()
    {
        RgbImage image = DataFolder.Pattern(17, 11);
        string path = _folder.PathOf("a.png");
        ImageFile.Write(path, image);
        RgbImage read = ImageFile.Read(path);
        Assert.Equal((11, 17), (read.Height, read.Width));
        Assert.Equal(image.Pixels, read.Pixels);
        Assert.Empty(Directory.GetFiles(_folder.Root, "*.tmp"));
    }

    [Fact]
    public void Jpeg_RedImage_IsReadAsRed()
    {
        var red = new RgbImage(16, 16, [.. Enumerable.Range(0, 16 * 16 * 3).Select(i => (byte)(i % 3 == 0 ? 255 : 0))]);
        string path = _folder.PathOf("red.JPG");
        ImageFile.Write(path, red);
        RgbImage read = ImageFile.Read(path);
        Assert.InRange(read.Pixels[0], 250, 255);
        Assert.InRange(read.Pixels[1], 0, 5);
        Assert.InRange(read.Pixels[2], 0, 5);
    }

    [Fact]
    public void Jpeg_WithExifRotation_KeepsTheStoredOrientation()
    {
        byte[] jpeg = ImageFile.Encode(DataFolder.Pattern(24, 8), ".jpg");

        // APP1 with a TIFF header and one entry: orientation (0x0112) = 6, a quarter turn.
        byte[] exif =
        [
            0xFF, 0xE1, 0x00, 0x22, .. "Exif\0\0"u8, .. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0,
        ];
        byte[] rotated = [.. jpeg[..2], .. exif, .. jpeg[2..]];
        RgbImage read = ImageFile.Decode(rotated, "rotated.jpg");
        Assert.Equal((24, 8), (read.Width, read.Height));
        Assert.Equal((24, 8), ImageIntegrity.Size(rotated));
    }

    [Theory]
    [InlineData(".jpg", 0.999)]
    [InlineData(".jpg", 0.7)]
    [InlineData(".jpg", 0.05)]
    [InlineData(".png", 0.98)]
    [InlineData(".png", 0.3)]
    public void TruncatedFile_NamesFileAndByteCount(string extension, double part)
    {
        byte[] whole = ImageFile.Encode(DataFolder.Pattern(64, 48), extension);
        byte[] cut = whole[..(int)(whole.Length * part)];
        string path = _folder.PathOf("cut" + extension);
        File.WriteAllBytes(path, cut);
        var e = Assert.Throws<RcnnException>(() => ImageFile.Read(path));
        Assert.StartsWith(path + ": truncated", e.Message, StringComparison.Ordinal);
        Assert.Contains($"({cut.Length} bytes)", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void JpegCutAfterItsThumbnail_IsTruncatedAlthoughTheThumbnailIsWhole()
    {
        byte[] inner = ImageFile.Encode(DataFolder.Pattern(8, 8), ".jpg"), outer = ImageFile.Encode(DataFolder.Pattern(64, 48), ".jpg");
        int length = inner.Length + 2;
        byte[] file = [.. outer[..2], 0xFF, 0xE2, (byte)(length >> 8), (byte)length, .. inner, .. outer[2..(outer.Length / 2)]];
        Assert.NotNull(ImageIntegrity.Problem(file));
        Assert.Equal((64, 48), ImageIntegrity.Size([.. file, .. outer[(outer.Length / 2)..]]));
    }

    [Fact]
    public void JpegWithBytesAfterItsEnd_IsRead()
    {
        byte[] file = [.. ImageFile.Encode(DataFolder.Pattern(32, 32), ".jpg"), 1, 2, 3, 4];
        Assert.Equal(32, ImageFile.Decode(file, "trailing.jpg").Width);
    }

    [Theory]
    [InlineData("", "empty file (0 bytes)")]
    [InlineData("not an image at all", "cannot be decoded as an image (19 bytes)")]
    public void FileWithoutImage_IsOneClearLine(string content, string expected)
    {
        string path = _folder.Text("x.jpg", content);
        var e = Assert.Throws<RcnnException>(() => ImageFile.Read(path));
        Assert.Equal($"{path}: {expected}", e.Message);
    }

    [Fact]
    public void HeaderThatClaimsAHugeImage_IsRefusedBeforeDecoding()
    {
        byte[] png = ImageFile.Encode(DataFolder.Pattern(8, 8), ".png");
        png.AsSpan(16, 8).Fill(0x7F);
        var e = Assert.Throws<RcnnException>(() => ImageFile.Decode(png, "bomb.png"));
        Assert.StartsWith("bomb.png: an image of 2139062143×2139062143 has more than ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingFile_NamesIt()
    {
        string path = _folder.PathOf("none.jpg");
        Assert.Equal($"{path}: no such image", Assert.Throws<RcnnException>(() => ImageFile.Read(path)).Message);
    }

    [Fact]
    public void GreyPng_BecomesThreeEqualChannels()
    {
        using var grey = new OpenCvSharp.Mat(4, 5, OpenCvSharp.MatType.CV_8UC1, OpenCvSharp.Scalar.All(77));
        Assert.True(OpenCvSharp.Cv2.ImEncode(".png", grey, out byte[] bytes));
        RgbImage image = ImageFile.Decode(bytes, "grey.png");
        Assert.Equal(4 * 5 * 3, image.Pixels.Length);
        Assert.All(image.Pixels, p => Assert.Equal(77, p));
    }

    [Fact]
    public void UnknownExtension_IsAWrongCall()
    {
        var e = Assert.Throws<RcnnException>(() => ImageFile.Write(_folder.PathOf("a.webp"), DataFolder.Pattern(4, 4)));
        Assert.Equal(2, e.ExitCode);
        Assert.Contains("'.webp'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resize_ByArea_AveragesTheBlock()
    {
        var image = new RgbImage(2, 2, [0, 0, 0, 100, 10, 0, 100, 10, 0, 200, 20, 4]);
        Assert.Equal([100, 10, 1], ImageFile.Resize(image, 1, 1, OpenCvSharp.InterpolationFlags.Area).Pixels);
    }
}
