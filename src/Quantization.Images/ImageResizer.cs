namespace Quantization.Images;

/// <summary>
/// Bilinear resizing, antialiased where it shrinks, in the arithmetic of
/// <see href="https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c">Pillow's Resample.c</see>: a triangle filter
/// stretched to the pixels that one output pixel covers, its weights in units of 2⁻²², rows first, each pass rounded half up to bytes.
/// </summary>
internal static class ImageResizer
{
    private const int WeightBits = 32 - 8 - 2;

    public static PixelImage Resize(PixelImage image, int width, int height)
    {
        PixelImage rows = image.Width == width
            ? image
            : new PixelImage(width, image.Height, image.Channels, new byte[checked(width * image.Height * image.Channels)]);
        if (rows != image)
        {
            Span<ResizeWeights> weights = Weights(image.Width, width);
            for (int y = 0; y < image.Height; y++)
            {
                ReadOnlySpan<byte> source = image.Pixels.AsSpan(y * image.Width * image.Channels, image.Width * image.Channels);
                Span<byte> destination = rows.Pixels.AsSpan(y * width * image.Channels, width * image.Channels);
                for (int i = 0; i < destination.Length; i++)
                {
                    (int x, int channel) = Math.DivRem(i, image.Channels);
                    destination[i] = weights[x].Sum(source[channel..], image.Channels);
                }
            }
        }

        if (height == image.Height)
        {
            return rows;
        }

        int stride = width * image.Channels;
        byte[] pixels = new byte[checked(stride * height)];
        Span<ResizeWeights> columns = Weights(image.Height, height);
        for (int y = 0; y < height; y++)
        {
            for (int i = 0; i < stride; i++)
            {
                pixels[y * stride + i] = columns[y].Sum(rows.Pixels.AsSpan(i), stride);
            }
        }

        return new PixelImage(width, height, image.Channels, pixels);
    }

    private static ResizeWeights[] Weights(int sourceLength, int length)
    {
        double scale = (double)sourceLength / length;
        double support = Math.Max(scale, 1);
        ResizeWeights[] all = new ResizeWeights[length];
        for (int i = 0; i < length; i++)
        {
            double centre = (i + 0.5) * scale;
            int first = Math.Max((int)(centre - support + 0.5), 0);
            int end = Math.Min((int)(centre + support + 0.5), sourceLength);
            double[] weights =
                [.. Enumerable.Range(first, end - first).Select(k => Math.Max(0, 1 - Math.Abs((k - centre + 0.5) / support)))];
            double total = weights.Sum();
            all[i] = new ResizeWeights(first, [.. weights.Select(weight => (int)(0.5 + weight / total * (1 << WeightBits)))]);
        }

        return all;
    }

    /// <summary>What an output pixel takes of the input's pixels from <paramref name="First"/> on.</summary>
    private readonly record struct ResizeWeights(int First, int[] Weights)
    {
        public byte Sum(ReadOnlySpan<byte> source, int step)
        {
            int sum = 1 << (WeightBits - 1);
            int position = First * step;
            foreach (int weight in Weights)
            {
                sum += weight * source[position];
                position += step;
            }

            return (byte)Math.Min(sum >> WeightBits, byte.MaxValue);
        }
    }
}
