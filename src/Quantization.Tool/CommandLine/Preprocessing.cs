using System.Globalization;
using Quantization.Images;

namespace Quantization.Tool;

/// <summary>Says in words how samples were prepared for the model.</summary>
internal static class Preprocessing
{
    /// <summary>How the words of images in colour begin.</summary>
    public const string OfColourImages = "images in colour";

    /// <summary>Arrays are not changed.</summary>
    public const string OfArrays = "arrays, taken as they are";

    /// <summary>What is done to images.</summary>
    public static string Of(ImageOptions options)
    {
        string kind = options.Channels == ImageChannels.Grey
            ? "grey images"
            : $"{OfColourImages} ({options.Channels.ToString()!.ToUpperInvariant()})";
        string size = string.Create(CultureInfo.InvariantCulture, $"{options.Width}x{options.Height}");
        string fit = options.Fit == ImageFit.CenterCrop
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"resized and the centre cut out at {size} ({100 * options.CropShare:0.#} % of the shorter side)")
            : $"stretched to {size}";
        string[] steps =
        [
            kind,
            fit,
            options.Scale == 1 ? "bytes 0 ... 255"
                : options.Scale == 1.0 / byte.MaxValue ? "bytes divided by 255"
                : $"bytes times {Number(options.Scale)}",
            .. options.Mean.Count > 0 ? (string[])[$"less the mean {Numbers(options.Mean)}"] : [],
            .. options.StandardDeviation.Count > 0 ? (string[])[$"divided by {Numbers(options.StandardDeviation)}"] : [],
            .. options.Mean.Count + options.StandardDeviation.Count == 0 ? (string[])["no mean and no deviation"] : [],
            $"axes {options.Layout.ToString()!.ToUpperInvariant()}",
        ];
        return string.Join(", ", steps);
    }

    private static string Numbers(IReadOnlyList<double> numbers) => string.Join('/', numbers.Select(Number));

    private static string Number(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);
}
