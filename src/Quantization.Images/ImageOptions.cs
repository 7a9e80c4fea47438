using System.Globalization;

namespace Quantization.Images;

/// <summary>
/// How images become a model's input: channels chosen, resized, and each value scaled and normalized to
/// <c>(byte · Scale − mean) / standard deviation</c>, computed in double precision and rounded once to float. Immutable; derive one from
/// another with <c>with</c>.
/// </summary>
public sealed record ImageOptions
{
    private readonly int? _width;
    private readonly int? _height;
    private readonly double _cropShare = 1;
    private readonly double _scale = 1.0 / byte.MaxValue;
    private readonly IReadOnlyList<double> _mean = [];
    private readonly IReadOnlyList<double> _standardDeviation = [];

    /// <summary>Stretched, and the bytes 0 … 255 as 0 … 1, without mean and standard deviation.</summary>
    public static ImageOptions None { get; } = new();

    /// <summary>
    /// What torchvision's classifiers trained on ImageNet are evaluated with: the centre crop of 7/8 of the shorter side (256 to 224), 0 …
    /// 1, its mean and standard deviation, RGB.
    /// </summary>
    public static ImageOptions ImageNet { get; } = new()
    {
        Fit = ImageFit.CenterCrop,
        CropShare = 0.875,
        Channels = ImageChannels.Rgb,
        Mean = [0.485, 0.456, 0.406],
        StandardDeviation = [0.229, 0.224, 0.225],
    };

    /// <summary>The width in pixels that the model takes; null, the default, for that of the model's input.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int? Width
    {
        get => _width;
        init => _width = AtLeastOne(value, nameof(Width));
    }

    /// <summary>The height in pixels that the model takes; null, the default, for that of the model's input.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int? Height
    {
        get => _height;
        init => _height = AtLeastOne(value, nameof(Height));
    }

    /// <summary>
    /// How images come to that size; stretched by default. Either way bilinear, over all pixels that a smaller one covers (antialiased), in
    /// Pillow's arithmetic on bytes, so that the pixels are those that Pillow and torchvision (of PIL images) give.
    /// </summary>
    public ImageFit Fit { get; init; } = ImageFit.Stretch;

    /// <summary>
    /// With <see cref="ImageFit.CenterCrop"/>, the share of the resized image's limiting side that stays, above 0 and up to 1, the default:
    /// 0.875 cuts 224 pixels from 256.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no such share.</exception>
    public double CropShare
    {
        get => _cropShare;
        init => _cropShare = value is > 0 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A share is above 0 and up to 1.");
    }

    /// <summary>The channels; null, the default, for grey where the model takes one channel and RGB where it takes three.</summary>
    public ImageChannels? Channels { get; init; }

    /// <summary>The order of the axes; null, the default, for that of the model's input, or NCHW where no model says.</summary>
    public ImageLayout? Layout { get; init; }

    /// <summary>What each byte is multiplied by first; 1/255 by default, 1 where the model takes 0 … 255.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is 0, NaN or infinite.</exception>
    public double Scale
    {
        get => _scale;
        init => _scale = double.IsFinite(value) && value != 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A scale is a finite number other than 0.");
    }

    /// <summary>
    /// What is subtracted of the scaled value: one number, or one per channel in the order of <see cref="Channels"/>. None, the default,
    /// subtracts nothing.
    /// </summary>
    /// <exception cref="ArgumentException">There are neither 0, 1 nor 3 numbers, or one is NaN or infinite.</exception>
    public IReadOnlyList<double> Mean
    {
        get => _mean;
        init => _mean = Numbers(value, nameof(Mean), allowZero: true);
    }

    /// <summary>
    /// What the difference is divided by: one number, or one per channel in the order of <see cref="Channels"/>. None, the default, divides
    /// by nothing.
    /// </summary>
    /// <exception cref="ArgumentException">There are neither 0, 1 nor 3 numbers, or one is 0, NaN or infinite.</exception>
    public IReadOnlyList<double> StandardDeviation
    {
        get => _standardDeviation;
        init => _standardDeviation = Numbers(value, nameof(StandardDeviation), allowZero: false);
    }

    private static int? AtLeastOne(int? value, string name) =>
        value is null or >= 1 ? value : throw new ArgumentOutOfRangeException(name, value, "An image is at least one pixel wide and high.");

    private static double[] Numbers(IReadOnlyList<double> values, string name, bool allowZero)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count is not (0 or 1 or 3) || values.Any(value => !double.IsFinite(value) || (value == 0 && !allowZero)))
        {
            string given = string.Join(", ", values.Select(value => value.ToString(CultureInfo.InvariantCulture)));
            throw new ArgumentException(
                $"{name} takes one number or one for each of three channels, finite{(allowZero ? "" : " and not 0")}, not {given}.", name);
        }

        return [.. values];
    }
}
