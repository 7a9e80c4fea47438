using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Quantization.Images;

namespace Quantization.Tool;

/// <summary>The options that say which samples to take, and how images become a model's input.</summary>
internal sealed class DataOptions
{
    public const string ClassFolders = "--class-folders", Classes = "--classes";

    private const string ImageNet = "imagenet", None = "none";
    private const string Crop = "crop", Stretch = "stretch";

    private readonly Option<string> _data;
    private readonly Option<string> _labels;
    private readonly Option<string> _classes = new(Classes)
    {
        HelpName = "classes.txt",
        Description = "The names of the model's classes, in the model's order, one per line. Without it, names in labels.csv count in "
            + "alphabetical order.",
    };

    private readonly Option<string> _scores = new("--scores")
    {
        HelpName = "pairs.csv",
        Description = "How similar samples are, in lines 'file name,file name,score', to measure the rank correlation of an embedding "
            + "model with these scores.",
    };

    private readonly Option<bool> _classFolders = new(ClassFolders)
    {
        Description = "Take the folder of each image as its class. Folders count in the order of their names. For images only."
    };

    private readonly Option<bool> _skipBad = new("--skip-bad")
    {
        Description = "Skip samples that cannot be read, up to a tenth of all, and name each, instead of ending with an error. This reads "
            + "all samples once more.",
    };

    private readonly Option<string> _preset = new("--preset")
    {
        HelpName = $"{ImageNet}|{None}",
        Description = "How images are normalized: as torchvision's classifiers expect (imagenet: centre crop, mean, standard deviation) or "
            + "to 0 ... 1 (none, the default). The options below override single values of it.",
    };

    private readonly Option<(int Width, int Height)?> _size = new("--image-size")
    {
        HelpName = "N|WxH",
        Description = "The size that images are resized to, such as 224 or 320x240. [default: that of the model's input]",
        CustomParser = result => ParseSize(result),
    };

    private readonly Option<string> _resize = new("--resize")
    {
        HelpName = $"{Stretch}|{Crop}",
        Description = "How images are resized: stretched, or in proportion and then cropped at the centre."
    };
    private readonly Option<double[]> _cropShare = Numbers(
        "--crop-share",
        "share",
        "The share of the resized image that --resize crop keeps: 0.875 cuts 224 pixels from 256.",
        values => values is [> 0 and <= 1],
        "no number above 0 and up to 1, such as 0.875");
    private readonly Option<double[]> _scale = Numbers(
        "--scale",
        "factor",
        "What each byte of an image is multiplied by, such as 0.00392156862745098 (1/255, the default) or 1.",
        values => values is [not 0],
        "no number other than 0");
    private readonly Option<double[]> _mean = Numbers(
        "--mean",
        "R,G,B",
        "What is subtracted next: one number, or one per channel in the order of --channels.",
        values => values.Length is 1 or 3,
        "neither one number nor three, such as 0.485,0.456,0.406");
    private readonly Option<double[]> _deviation = Numbers(
        "--std",
        "R,G,B",
        "What the difference is divided by: one number, or one per channel.",
        values => values.Length is 1 or 3 && !values.Contains(0),
        "neither one number nor three other than 0, such as 0.229,0.224,0.225");
    private readonly Option<string> _channels = new("--channels")
    {
        HelpName = "rgb|bgr|grey",
        Description = "The channels that the model takes. [default: grey where its input has one channel, else rgb]"
    };
    private readonly Option<string> _layout =
        new("--layout") { HelpName = "nchw|nhwc", Description = "The order of the input's axes. [default: that of the model's input]" };

    /// <param name="command">The command to add the options to.</param>
    /// <param name="isRequired">Whether samples must be given.</param>
    /// <param name="isLabelled">Whether samples can have classes.</param>
    /// <param name="data">The option of the folder; null for the usual one.</param>
    /// <param name="labels">The option of the classes; null for the usual one.</param>
    public DataOptions(Command command, bool isRequired, bool isLabelled, Option<string>? data = null, Option<string>? labels = null)
    {
        _data = data ?? CommonOptions.Data();
        _labels = labels ?? CommonOptions.Labels();
        _data.Required = isRequired;
        _preset.AcceptOneOf(ImageNet, None);
        _resize.AcceptOneOf(Stretch, Crop);
        _channels.AcceptOneOf("rgb", "bgr", "grey");
        _layout.AcceptOneOf("nchw", "nhwc");
        command.Options.Add(_data);
        foreach (Option option in isLabelled ? (Option[])[_labels, _classes, _classFolders, _scores] : [])
        {
            command.Options.Add(option);
        }

        command.Options.Add(_skipBad);
        foreach (Option option in ImageOptionsOf())
        {
            command.Options.Add(option);
        }
    }

    public DataRequest Read(ParseResult parsed)
    {
        ImageOptions images = parsed.GetValue(_preset) == ImageNet ? ImageOptions.ImageNet : ImageOptions.None;
        images = images with
        {
            Width = parsed.GetValue(_size)?.Width,
            Height = parsed.GetValue(_size)?.Height,
            Fit = parsed.GetValue(_resize) switch { Crop => ImageFit.CenterCrop, Stretch => ImageFit.Stretch, _ => images.Fit },
            CropShare = Given(parsed, _cropShare)?[0] ?? images.CropShare,
            Scale = Given(parsed, _scale)?[0] ?? images.Scale,
            Mean = Given(parsed, _mean) ?? images.Mean,
            StandardDeviation = Given(parsed, _deviation) ?? images.StandardDeviation,
            Channels = parsed.GetValue(_channels) is { } channels ? Enum.Parse<ImageChannels>(channels, ignoreCase: true) : images.Channels,
            Layout = parsed.GetValue(_layout) is { } layout ? Enum.Parse<ImageLayout>(layout, ignoreCase: true) : null,
        };
        string[] written =
            [.. ImageOptionsOf().Where(option => parsed.GetResult(option) is { Implicit: false }).Select(option => option.Name)];
        return new DataRequest(parsed.GetValue(_data), parsed.GetValue(_labels), parsed.GetValue(_classFolders), images, written)
        {
            ClassesPath = parsed.GetValue(_classes),
            ScoresPath = parsed.GetValue(_scores),
            SkipsBad = parsed.GetValue(_skipBad),
        };
    }

    private Option[] ImageOptionsOf() => [_preset, _size, _resize, _cropShare, _scale, _mean, _deviation, _channels, _layout];

    /// <summary>The parser gives an empty array for an option that is not there.</summary>
    private static double[]? Given(ParseResult parsed, Option<double[]> option) =>
        parsed.GetValue(option) is { Length: > 0 } numbers ? numbers : null;

    private static (int Width, int Height)? ParseSize(ArgumentResult result)
    {
        string token = CommonOptions.Token(result);
        int[] sides = [.. token.Split('x')
            .Select(side => int.TryParse(side, NumberStyles.None, CultureInfo.InvariantCulture, out int length) ? length : 0)];
        if (sides.Length is 1 or 2 && sides.All(side => side > 0))
        {
            return (sides[0], sides[^1]);
        }

        result.AddError($"--image-size '{token}' is no size in pixels, such as 224 or 320x240.");
        return null;
    }

    /// <summary>An option of numbers between commas, read the same way regardless of the machine's culture.</summary>
    private static Option<double[]> Numbers(
        string name, string helpName, string description, Predicate<double[]> isSensible, string otherwise) => new(name)
        {
            HelpName = helpName,
            Description = description,
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result =>
            {
                string token = CommonOptions.Token(result);
                double[] values = [.. token.Split(',').Select(text =>
                    double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : double.NaN)];
                if (!values.All(double.IsFinite) || !isSensible(values))
                {
                    result.AddError($"{name} '{token}' is {otherwise}.");
                }

                return values;
            },
        };
}
