using StbImageSharp;

namespace Quantization.Onnx;

/// <summary>Decodes image files; every error becomes one message that begins with the file's path.</summary>
internal static class ImageFile
{
    /// <summary>More pixels than any camera's picture has: a small file that claims them is damaged, or made to fill the memory.</summary>
    public const long MostPixels = 100_000_000;

    /// <summary>The longest side, so that resizing one side at a time stays small too.</summary>
    private const int LongestSide = 100_000;

    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tga", ".psd"];

    /// <summary>Whether a file's name is an image's; hidden files are none.</summary>
    public static bool IsImage(string path) => !Path.GetFileName(path).StartsWith('.') && Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Decodes a file to 8-bit RGB: 16 bits are cut to 8, grey is three equal channels, transparency is left out, of a GIF the first picture is taken.</summary>
    /// <exception cref="InvalidDataException">The file is no image, truncated or damaged, or claims too many pixels.</exception>
    public static PixelImage Read(string path)
    {
        using WatchedStream stream = new(File.ReadAllBytes(path));
        if (stream.Length == 0)
        {
            throw new InvalidDataException($"{path}: the file is empty; write it again, or remove it.");
        }

        (int width, int height) = ReadSize(path, stream);
        if (width is < 1 or > LongestSide || height is < 1 or > LongestSide || (long)width * height > MostPixels)
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"{path}: its header claims {width} by {height} pixels; images have at most {LongestSide:N0} a side and {MostPixels:N0} in all. Scale the image down, or remove it."));
        }

        stream.Restart();
        ImageResult? result = Decode(path, stream, () => ImageResult.FromStream(stream, ColorComponents.RedGreenBlue));
        if (stream.WasExhausted)
        {
            throw Truncated(path);
        }

        return new PixelImage(result!.Width, result.Height, 3, result.Data);
    }

    private static (int Width, int Height) ReadSize(string path, WatchedStream stream)
    {
        ImageInfo info = Decode(path, stream, () => ImageInfo.FromStream(stream))
            ?? throw (stream.WasExhausted && stream.Length > 4 ? Truncated(path) : new InvalidDataException($"{path}: it is no PNG, JPEG, BMP, GIF, TGA or PSD image, or claims more than a billion bytes; convert, scale down or remove it."));
        return (info.Width, info.Height);
    }

    /// <summary>The decoder tells damage by exceptions of many types.</summary>
    private static T Decode<T>(string path, WatchedStream stream, Func<T> decode)
    {
        try
        {
            return decode();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw stream.WasExhausted
                ? Truncated(path, e)
                : new InvalidDataException($"{path}: the image is damaged, or of a kind that cannot be decoded ({e.Message}); convert it to PNG or JPEG, or remove it.", e);
        }
    }

    private static InvalidDataException Truncated(string path, Exception? cause = null) => new($"{path}: the image is truncated; write or download it again, or remove it.", cause);

    /// <summary>Remembers whether more was asked for than there is: the decoder goes on with zeros then.</summary>
    private sealed class WatchedStream(byte[] content) : MemoryStream(content, writable: false)
    {
        private bool _wasExhausted;

        public bool WasExhausted => _wasExhausted || Position > Length;

        public void Restart()
        {
            Position = 0;
            _wasExhausted = false;
        }

        public override int Read(byte[] buffer, int offset, int count) => Watch(base.Read(buffer, offset, count), count);

        public override int Read(Span<byte> buffer) => Watch(base.Read(buffer), buffer.Length);

        public override int ReadByte()
        {
            int value = base.ReadByte();
            _wasExhausted |= value < 0;
            return value;
        }

        private int Watch(int read, int wanted)
        {
            _wasExhausted |= read < wanted;
            return read;
        }
    }
}
