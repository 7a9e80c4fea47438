using System.Globalization;
using Quantization.Onnx;
using SkiaSharp;

namespace Quantization.Images;

/// <summary>Decodes image files; every error becomes one message that begins with the file's path.</summary>
internal static class ImageFile
{
    /// <summary>More pixels than any camera's picture has: a small file that claims them is damaged, or made to fill the memory.</summary>
    public const long MostPixels = 100_000_000;

    /// <summary>The largest file that is read: many times what an encoded photograph has.</summary>
    public const int MostBytes = 256 << 20;

    /// <summary>The longest side, so that resizing one side at a time stays small too.</summary>
    private const int LongestSide = 100_000;

    /// <summary>
    /// Decodes a file to 8-bit RGB: 16 bits are cut to 8, palettes are resolved, grey is three equal channels, transparency is left out,
    /// and of several pictures the first is taken. Neither colour profiles nor the camera's orientation are applied.
    /// </summary>
    /// <exception cref="InvalidDataException">The file is no image, truncated or damaged, too large, or claims too many pixels.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static PixelImage Read(string path)
    {
        byte[] content = ReadBytes(path);
        ImageFormat format = ImageSignature.Find(content)
            ?? throw new InvalidDataException(
                $"{path}: it is no PNG, JPEG, WebP, BMP or GIF image; convert it to PNG or JPEG, or remove it.");
        using SKMemoryStream stream = new(content);
        using SKCodec? codec = SKCodec.Create(stream, out SKCodecResult result);
        if (codec is null)
        {
            throw Refusal(path, format, content, result);
        }

        (int width, int height) = (codec.Info.Width, codec.Info.Height);
        if (width is < 1 or > LongestSide || height is < 1 or > LongestSide || (long)width * height > MostPixels)
        {
            string limit = FormattableString.Invariant($"images have at most {LongestSide:N0} per side and {MostPixels:N0} in all");
            throw new InvalidDataException(FormattableString.Invariant(
                $"{path}: its header claims {width} by {height} pixels; {limit}. Scale the image down, or remove it."));
        }

        // Unpremultiplied, or transparency would darken the colours; without a colour space, or they would be converted.
        SKImageInfo wanted = new(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        result = codec.GetPixels(wanted, out byte[] pixels);
        if (result != SKCodecResult.Success)
        {
            throw Refusal(path, format, content, result);
        }

        // The decoder has all pixels before it has seen the last bytes of these formats, which hold checksums.
        if (format is ImageFormat.Png or ImageFormat.WebP && ImageSignature.LacksEnd(format, content))
        {
            throw Truncated(path);
        }

        return new PixelImage(width, height, 3, ToRgb(pixels, format == ImageFormat.Gif ? GifHeader.Background(content) : null));
    }

    /// <summary>Reads a whole file. A pipe or device is refused before it is opened: opening one may block.</summary>
    private static byte[] ReadBytes(string path)
    {
        using FileStream stream = RegularFile.OpenRead(path);
        long length = stream.Length;
        if (length == 0)
        {
            throw new InvalidDataException($"{path}: the file is empty; write it again, or remove it.");
        }

        if (length > MostBytes)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture,
                $"{path}: the file has {length:N0} bytes; images have at most {MostBytes:N0}. Compress the image or scale it down, "
                    + $"or remove it."));
        }

        byte[] content = new byte[length];
        int read = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        return read == content.Length ? content : content[..read];
    }

    private static InvalidDataException Refusal(string path, ImageFormat format, byte[] content, SKCodecResult result) =>
        result == SKCodecResult.IncompleteInput || ImageSignature.LacksEnd(format, content)
            ? Truncated(path)
            : new InvalidDataException(
                $"{path}: the image is damaged, or a {format.ToString().ToUpperInvariant()} of a kind that cannot be decoded; "
                + "convert it to PNG or JPEG, or remove it.");

    private static InvalidDataException Truncated(string path) =>
        new($"{path}: the image is truncated; write or download it again, or remove it.");

    /// <summary>
    /// Leaves transparency out. The decoder makes the transparent pixels of a GIF black; they get the file's colour for them.
    /// </summary>
    private static byte[] ToRgb(byte[] pixels, (byte Red, byte Green, byte Blue)? transparent)
    {
        byte[] rgb = new byte[pixels.Length / 4 * 3];
        for (int from = 0, to = 0; to < rgb.Length; from += 4, to += 3)
        {
            (rgb[to], rgb[to + 1], rgb[to + 2]) = transparent is { } colour && pixels[from + 3] == 0
                ? colour
                : (pixels[from], pixels[from + 1], pixels[from + 2]);
        }

        return rgb;
    }
}
