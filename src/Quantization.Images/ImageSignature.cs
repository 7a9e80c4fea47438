using System.Buffers.Binary;

namespace Quantization.Images;

/// <summary>Tells an image's format by its first bytes, regardless of its name, and whether its last bytes are missing.</summary>
internal static class ImageSignature
{
    private const int PngChecksum = 4;
    private const int BmpSizeOffset = 2;
    private const int RiffSizeOffset = 4;
    private const int RiffHeader = 8;
    private const byte GifTrailer = 0x3B;

    private static ReadOnlySpan<byte> Png => [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n'];

    private static ReadOnlySpan<byte> Jpeg => [0xFF, 0xD8, 0xFF];

    private static ReadOnlySpan<byte> JpegEnd => [0xFF, 0xD9];

    /// <summary>
    /// The format; null for a file of another format. A file that ends inside its signature counts as an image, so that it is called
    /// truncated.
    /// </summary>
    /// <remarks>Only files with one of these signatures reach the decoder, which knows more formats, raw photographs among them.</remarks>
    public static ImageFormat? Find(ReadOnlySpan<byte> content) =>
        Begins(content, Png) ? ImageFormat.Png
        : Begins(content, Jpeg) ? ImageFormat.Jpeg
        : Begins(content, "RIFF"u8) && (content.Length <= RiffHeader || Begins(content[RiffHeader..], "WEBP"u8)) ? ImageFormat.WebP
        : Begins(content, "GIF87a"u8) || Begins(content, "GIF89a"u8) ? ImageFormat.Gif
        : Begins(content, "BM"u8) ? ImageFormat.Bmp
        : null;

    /// <summary>
    /// Whether the end of the file is missing, as far as the format tells it. Bytes after the end of a JPEG or GIF look like that too.
    /// </summary>
    public static bool LacksEnd(ImageFormat format, ReadOnlySpan<byte> content) => format switch
    {
        ImageFormat.Png => content.LastIndexOf("IEND"u8) is int end && (end < 0 || content.Length < end + "IEND"u8.Length + PngChecksum),
        ImageFormat.Jpeg => !content.EndsWith(JpegEnd),
        ImageFormat.WebP => content.Length < RiffHeader
            || content.Length < RiffHeader + BinaryPrimitives.ReadUInt32LittleEndian(content[RiffSizeOffset..]),
        ImageFormat.Gif => content[^1] != GifTrailer,
        _ => content.Length < BmpSizeOffset + sizeof(uint)
            || content.Length < BinaryPrimitives.ReadUInt32LittleEndian(content[BmpSizeOffset..]),
    };

    private static bool Begins(ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature) =>
        content.StartsWith(signature[..Math.Min(signature.Length, content.Length)]);
}
