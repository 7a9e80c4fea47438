using Quantization.Onnx;

namespace Quantization.Images;

/// <summary>Turns decoded images into a model's input: size, channels, order of the axes, and values.</summary>
internal sealed class ImageConverter
{
    private readonly ImageOptions _options;
    private readonly int _width;
    private readonly int _height;

    /// <summary>The input's value of each byte, by the channel in the model's order.</summary>
    private readonly float[][] _values;

    /// <exception cref="ArgumentException">The size is not given, or means or deviations are not as many as channels.</exception>
    public ImageConverter(ImageOptions options)
    {
        if (options.Width is not { } width || options.Height is not { } height)
        {
            throw Refuse(ImageAdvice.SizeMissing());
        }

        int channels = options.Channels == ImageChannels.Grey ? 1 : 3;
        foreach ((bool isMean, IReadOnlyList<double> numbers) in new[] { (true, options.Mean), (false, options.StandardDeviation) })
        {
            if (numbers.Count > channels)
            {
                throw Refuse(ImageAdvice.NumbersForGrey(isMean, numbers.Count));
            }
        }

        _options = options;
        _width = width;
        _height = height;
        _values = [.. Enumerable.Range(0, channels).Select(ValuesOf)];

        static ArgumentException Refuse(Advice advice) => advice.On(new ArgumentException(advice.Message, nameof(options)));
    }

    /// <summary>The input for an image, without the batch axis.</summary>
    /// <exception cref="InvalidDataException">
    /// The image is so long and thin that it cannot be resized in proportion; the message begins with its path.
    /// </exception>
    public SampleTensor Convert(string path, PixelImage image)
    {
        PixelImage pixels = Fit(path, _options.Channels == ImageChannels.Grey ? image.ToGrey() : image);
        int channels = _values.Length;
        bool isPlanar = _options.Layout != ImageLayout.Nhwc;
        int area = _width * _height;
        float[] input = new float[area * channels];
        for (int channel = 0; channel < channels; channel++)
        {
            int source = _options.Channels == ImageChannels.Bgr ? channels - 1 - channel : channel;
            float[] values = _values[channel];
            for (int i = 0; i < area; i++)
            {
                input[isPlanar ? channel * area + i : i * channels + channel] = values[pixels.Pixels[i * channels + source]];
            }
        }

        return isPlanar
            ? SampleTensor.Create<float>(null, input, channels, _height, _width)
            : SampleTensor.Create<float>(null, input, _height, _width, channels);
    }

    private float[] ValuesOf(int channel)
    {
        double mean = NumberOf(_options.Mean, channel, 0), deviation = NumberOf(_options.StandardDeviation, channel, 1);
        return [.. Enumerable.Range(0, byte.MaxValue + 1).Select(code => (float)((code * _options.Scale - mean) / deviation))];
    }

    private static double NumberOf(IReadOnlyList<double> numbers, int channel, double absent) =>
        numbers.Count == 0 ? absent : numbers[Math.Min(channel, numbers.Count - 1)];

    private PixelImage Fit(string path, PixelImage image)
    {
        if (_options.Fit == ImageFit.Stretch)
        {
            return ImageResizer.Resize(image, _width, _height);
        }

        // The image just covers the area that the crop is a share of; the other side's length is cut to whole pixels, as torchvision does.
        int coveredWidth = (int)(_width / _options.CropShare), coveredHeight = (int)(_height / _options.CropShare);
        bool isWidthLimiting = (long)coveredWidth * image.Height >= (long)coveredHeight * image.Width;
        long width = isWidthLimiting ? coveredWidth : (long)image.Width * coveredHeight / image.Height;
        long height = isWidthLimiting ? (long)image.Height * coveredWidth / image.Width : coveredHeight;
        if (width * height > ImageFile.MostPixels)
        {
            Advice advice = ImageAdvice.TooLong(path, image.Width, image.Height);
            throw advice.On(new InvalidDataException(advice.Message));
        }

        PixelImage resized = ImageResizer.Resize(image, (int)width, (int)height);
        return resized.Crop((int)Math.Round((width - _width) / 2.0), (int)Math.Round((height - _height) / 2.0), _width, _height);
    }
}
