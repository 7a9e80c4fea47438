namespace Quantization.Images;

/// <summary>A decoded image: bytes, row by row, the channels of a pixel side by side.</summary>
internal sealed record PixelImage(int Width, int Height, int Channels, byte[] Pixels)
{
    /// <summary>
    /// The luma of a colour image, as Pillow's conversion to "L" gives it: 0.299 R + 0.587 G + 0.114 B in units of 2⁻¹⁶, rounded half up.
    /// </summary>
    public PixelImage ToGrey()
    {
        const int Red = 19595, Green = 38470, Blue = 7471, Half = 1 << 15, Bits = 16;
        byte[] grey = new byte[Width * Height];
        for (int i = 0; i < grey.Length; i++)
        {
            ReadOnlySpan<byte> pixel = Pixels.AsSpan(3 * i, 3);
            grey[i] = (byte)((Red * pixel[0] + Green * pixel[1] + Blue * pixel[2] + Half) >> Bits);
        }

        return new PixelImage(Width, Height, 1, grey);
    }

    /// <summary>A part of the image.</summary>
    public PixelImage Crop(int left, int top, int width, int height)
    {
        byte[] part = new byte[width * height * Channels];
        for (int y = 0; y < height; y++)
        {
            Pixels.AsSpan(((top + y) * Width + left) * Channels, width * Channels).CopyTo(part.AsSpan(y * width * Channels));
        }

        return new PixelImage(width, height, Channels, part);
    }
}
