namespace Rcnn.Core.Data;

/// <summary>One image and what is annotated on it. <see cref="Source"/> names the annotation file (and line) for messages.</summary>
public sealed record ImageRecord(long Id, string FileName, int Width, int Height, IReadOnlyList<ObjectAnnotation> Objects, string Source);

/// <summary>Images with boxes. Safe to read from several threads at once; the order never changes.</summary>
public interface IDetectionDataset
{
    /// <summary>As the user wrote it, for example <c>voc:DIR:train</c>.</summary>
    string Name { get; }

    /// <summary>Names of the classes without background: label 1 is <c>ClassNames[0]</c>.</summary>
    IReadOnlyList<string> ClassNames { get; }

    /// <summary>The category id of each class in exported detection files: COCO's own ids, else 1..C.</summary>
    IReadOnlyList<int> CategoryIds { get; }

    int Count { get; }

    ImageRecord this[int index] { get; }

    /// <summary>Decodes image <paramref name="index"/>. EXIF orientation is ignored, as the boxes refer to the stored pixels.</summary>
    /// <exception cref="RcnnException">The file is missing, truncated or of another size than annotated; names file, field and value.</exception>
    RgbImage Decode(int index);

    /// <summary>SHA-256 over annotations and image bytes or generator parameters, hex: identifies the data in a run.</summary>
    string Fingerprint();
}
