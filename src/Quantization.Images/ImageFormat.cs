namespace Quantization.Images;

/// <summary>The file formats that are decoded.</summary>
internal enum ImageFormat
{
    /// <summary>Portable Network Graphics.</summary>
    Png,

    /// <summary>JPEG, baseline or progressive.</summary>
    Jpeg,

    /// <summary>WebP, with or without loss.</summary>
    WebP,

    /// <summary>A Windows bitmap.</summary>
    Bmp,

    /// <summary>A GIF. Only its first picture is read.</summary>
    Gif,
}
