using System.Buffers.Binary;

namespace Rcnn.Core.Data;

/// <summary>
/// Follows the segments of a JPEG or the chunks of a PNG to their end marker, without decoding:
/// the decoders accept truncated files and fill in the rest.
/// </summary>
public static class ImageIntegrity
{
    private static ReadOnlySpan<byte> PngSignature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>What is wrong with the file, or null. Formats other than JPEG and PNG are left to the decoder.</summary>
    public static string? Problem(ReadOnlySpan<byte> file)
    {
        if (file.IsEmpty)
        {
            return "empty file";
        }

        if (IsJpeg(file))
        {
            return JpegIsWhole(file) ? null : "truncated JPEG, the end-of-image marker is missing";
        }

        if (file.StartsWith(PngSignature))
        {
            return PngIsWhole(file) ? null : "truncated PNG, the IEND chunk is missing";
        }

        return null;
    }

    /// <summary>Width and height from the header of a JPEG or PNG; null when the header is neither or is damaged.</summary>
    public static (int Width, int Height)? Size(ReadOnlySpan<byte> file)
    {
        if (file.StartsWith(PngSignature) && file.Length >= 24)
        {
            return (BinaryPrimitives.ReadInt32BigEndian(file[16..]), BinaryPrimitives.ReadInt32BigEndian(file[20..]));
        }

        if (!IsJpeg(file))
        {
            return null;
        }

        for (int at = 2; NextMarker(file, ref at) is { } marker; at += SegmentLength(file, at))
        {
            // Start of frame: C0–CF but for the tables C4 (Huffman), C8 (reserved), CC (arithmetic).
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                return at + 7 <= file.Length
                    ? (BinaryPrimitives.ReadUInt16BigEndian(file[(at + 5)..]), BinaryPrimitives.ReadUInt16BigEndian(file[(at + 3)..]))
                    : null;
            }

            if (marker is 0xDA or 0xD9)
            {
                return null;
            }
        }

        return null;
    }

    private static bool IsJpeg(ReadOnlySpan<byte> file) => file.Length >= 3 && file[0] == 0xFF && file[1] == 0xD8 && file[2] == 0xFF;

    private static bool JpegIsWhole(ReadOnlySpan<byte> file)
    {
        // The common case in one comparison of the last bytes would accept a thumbnail's end marker, so the segments are walked.
        for (int at = 2; NextMarker(file, ref at) is { } marker; at += SegmentLength(file, at))
        {
            if (marker == 0xD9)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Moves <paramref name="at"/> behind the next marker and returns it; null at the end of the file. Bytes before it are entropy-coded
    /// data: there FF is followed by 00 (a stuffed FF), D0–D7 (restart) or FF (fill).
    /// </summary>
    private static byte? NextMarker(ReadOnlySpan<byte> file, ref int at)
    {
        while (at < file.Length)
        {
            int ff = file[at..].IndexOf((byte)0xFF);
            if (ff < 0 || at + ff + 1 >= file.Length)
            {
                return null;
            }

            at += ff + 1;
            if (file[at] is not (0x00 or 0xFF or (>= 0xD0 and <= 0xD7)))
            {
                return file[at++];
            }
        }

        return null;
    }

    /// <summary>Bytes of the segment whose length field is at <paramref name="at"/>; past the end where the field itself is cut off.</summary>
    private static int SegmentLength(ReadOnlySpan<byte> file, int at) =>
        at + 2 <= file.Length ? BinaryPrimitives.ReadUInt16BigEndian(file[at..]) : file.Length;

    private static bool PngIsWhole(ReadOnlySpan<byte> file)
    {
        for (long at = 8; at + 12 <= file.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file[(int)at..]);
            if (file.Slice((int)at + 4, 4).SequenceEqual("IEND"u8))
            {
                return true;
            }

            at += 12L + length;
        }

        return false;
    }
}
