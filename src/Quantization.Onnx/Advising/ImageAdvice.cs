using System.Globalization;

namespace Quantization.Onnx;

/// <summary>Advice about images as samples.</summary>
internal static class ImageAdvice
{
    /// <summary>A folder of samples holds images.</summary>
    public static Advice FolderOfImages(string folder) => new(AdviceCode.FolderOfImages, ("folder", folder));

    /// <summary>The model leaves the size open.</summary>
    /// <param name="model">The model.</param>
    /// <param name="input">Its input.</param>
    /// <param name="shape">The input's shape, in words.</param>
    /// <param name="side">Width or height.</param>
    public static Advice SizeOpen(string model, string input, string shape, string side) =>
        new(AdviceCode.ImageSizeOpen, ("model", model), ("input", input), ("shape", shape), ("side", side));

    /// <summary>There is no size.</summary>
    public static Advice SizeMissing() => new(AdviceCode.ImageSizeMissing);

    /// <summary>There are more numbers than a grey image has channels.</summary>
    public static Advice NumbersForGrey(bool isMean, int numbers) =>
        new(AdviceCode.NumbersForGreyImages, ("isMean", isMean), ("numbers", numbers));

    /// <summary>An image cannot be resized in proportion.</summary>
    public static Advice TooLong(string image, int width, int height) =>
        new(AdviceCode.ImageTooLong, ("image", image), ("width", width), ("height", height));

    /// <summary>The words; null for advice of another kind.</summary>
    public static AdviceText? Write(Advice advice, AdviceWords words) => advice.Code switch
    {
        AdviceCode.FolderOfImages => new AdviceText(
            $"{advice.Text("folder")}: the folder has images, no arrays;", $"{words.ImageSamples}."),
        AdviceCode.ImageSizeOpen => new AdviceText(
            $"{advice.Text("model")}: input '{advice.Text("input")}' of shape {advice.Text("shape")} leaves the images' "
                + $"{advice.Text("side")} open;",
            $"give a size ({words.ImageSize})."),
        AdviceCode.ImageSizeMissing => new AdviceText(
            "The width and the height of images are not both given;", $"set them ({words.ImageSize}), or {words.ImageSizeOfModel}."),
        AdviceCode.NumbersForGreyImages => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{(advice.Flag("isMean") ? words.ImageMean : words.ImageDeviation)} has {advice.Count("numbers")} numbers, but a grey "
                    + $"image has one channel;"),
            "give one."),
        AdviceCode.ImageTooLong => new AdviceText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{advice.Text("image")}: an image of {advice.Count("width")} by {advice.Count("height")} pixels is too long and thin to "
                    + $"be resized in proportion;"),
            $"stretch it ({words.ImageStretch}), cut it, or remove it."),
        _ => null,
    };
}
