using System.Globalization;
using System.Text.Json;
using Quantization.Images;
using Quantization.Onnx;

namespace Quantization.Tool.Tests;

/// <summary>Images as samples of every command that takes samples.</summary>
public sealed class ImageFolderTests : IDisposable
{
    private readonly FashionFolder _folder = new(0);

    public ImageFolderTests()
    {
        foreach ((string name, string file) in new[]
        {
            ("cat/1.png", "noise.png"), ("cat/2.jpg", "smooth.jpg"), ("dog/1.gif", "noise.gif"), ("dog/2.bmp", "noise.bmp"),
            ("dog/3.png", "grey.png"), ("dog/4.webp", "noise.webp")
        })
        {
            _folder.Write($"images/{name}", File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Images", "Data", file)));
        }
    }

    private string Images => _folder["images"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Calibrating_on_images_is_calibrating_on_what_the_library_makes_of_them()
    {
        ImageOptions options =
            new() { Width = 28, Height = 28, Fit = ImageFit.CenterCrop, CropShare = 0.875, Mean = [0.2860], StandardDeviation = [0.3530] };
        ModelCalibrator.Calibrate(_folder.Model, ImageFolder.ForModel(_folder.Model, Images, options)).Save(_folder["expected.qcal"]);
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
        try
        {
            ToolRun run = Run(
                "calibrate", "--state", _folder["actual.qcal"], "--image-size", "28", "--resize", "crop", "--crop-share", "0.875", "--mean",
                "0.2860", "--std", "0.3530", "--channels", "grey", "--layout", "nchw");

            run.ExitCode.Should().Be(0, run.Error);
            run.Output.Should().Contain(": 6 samples, ");
            File.ReadAllBytes(_folder["actual.qcal"]).Should().Equal(File.ReadAllBytes(_folder["expected.qcal"]));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Folders_are_classes_where_wanted()
    {
        ToolRun run = Run("ptq", "--output", _folder.Output, "--class-folders");

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain($"Calibrated with MSE on 2 samples of {Images}")
            .And.Contain("scored on the 4 other samples.").And.MatchRegex(@"Model +│ +Top-1 │");
    }

    [Fact]
    public void Searching_takes_images_too()
    {
        ToolRun run = Run("search", "--output", _folder.Output, "--json", "--quiet", "--scale", "1", "--labels", _folder.Write(
            "labels.csv", "cat/1.png,0\ndog/1.gif,1\ndog/2.bmp,1\n"));

        run.ExitCode.Should().Be(0, run.Error);
        JsonElement data = JsonDocument.Parse(run.Output).RootElement.GetProperty("data");
        (data.GetProperty("calibrationSamples").GetInt32(), data.GetProperty("labelledSamples").GetInt32()).Should().Be((4, 2));
    }

    [Fact]
    public void A_truncated_image_is_named_and_nothing_is_written()
    {
        string image = _folder["images/cat/2.jpg"];
        File.WriteAllBytes(image, File.ReadAllBytes(image)[..900]);
        string[] before = _folder.Files();

        ToolRun run = Run("ptq", "--output", _folder.Output);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().Be($"{image}: the image is truncated; write or download it again, or remove it.");
        _folder.Files().Should().Equal(before);
    }

    [Fact]
    public void Images_of_formats_that_cannot_be_read_are_counted_in_one_line()
    {
        foreach (string file in new[] { "cat/3.tga", "dog/5.heic", "dog/6.tga" })
        {
            _folder.Write($"images/{file}", [1, 2, 3]);
        }

        ToolRun run = Run("calibrate", "--state", _folder["a.qcal"]);

        run.ExitCode.Should().Be(0, run.Error);
        run.Error.ReplaceLineEndings("\n").Should()
            .StartWith($"{Images}: 3 files of formats that cannot be read are left out: .tga 2, .heic 1.\n");
        run.Output.Should().Contain(": 6 samples, ");
    }

    [Fact]
    public void A_folder_of_nothing_but_images_that_cannot_be_read_is_refused()
    {
        _folder.Write("scans/1.tiff", [1, 2, 3]);

        ToolRun run = ToolRun.InProcess("ptq", _folder.Model, "--data", _folder["scans"], "--output", _folder.Output);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should()
            .Be($"{_folder["scans"]}: none of the folder's images is of a format that can be read: .tiff 1; convert them to PNG or JPEG.");
    }

    [Theory]
    [InlineData(
        "--channels rgb",
        "input 'image' of shape [?, 1, 28, 28] takes 1 channels as Nchw, but Rgb images have 3; choose other channels or another layout.")]
    [InlineData("--image-size 32", "input 'image' of shape [?, 1, 28, 28] takes images of width 28, not 32; leave the size to the model.")]
    [InlineData("--mean 0.1,0.2,0.3", "--mean has 3 numbers, but a grey image has one channel; give one.")]
    public void Images_that_the_model_does_not_take_are_refused(string options, string message)
    {
        ToolRun run = Run("ptq", ["--output", _folder.Output, .. options.Split(' ')]);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().EndWith(message);
    }

    [Fact]
    public void A_size_that_the_model_leaves_open_has_to_be_given()
    {
        string model = _folder.Write("open.onnx", Quantization.Onnx.Tests.Samples.TinyModel.Unary("Relu", -1, 3, -1, -1));

        ToolRun run = ToolRun.InProcess("calibrate", model, "--data", Images, "--state", _folder["a.qcal"]);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should()
            .Be($"{model}: input 'x' of shape [?, 3, ?, ?] leaves the images' width open; give a size (--image-size WxH).");
    }

    [Theory]
    [InlineData("--image-size 0", "--image-size '0' is no size in pixels, such as 224 or 320x240.")]
    [InlineData("--image-size 1x2x3", "--image-size '1x2x3' is no size in pixels, such as 224 or 320x240.")]
    [InlineData("--mean 0,485", "--mean '0,485' is neither one number nor three, such as 0.485,0.456,0.406.")]
    [InlineData("--mean a", "--mean 'a' is neither one number nor three, such as 0.485,0.456,0.406.")]
    [InlineData("--std 0", "--std '0' is neither one number nor three other than 0, such as 0.229,0.224,0.225.")]
    [InlineData("--crop-share 1.5", "--crop-share '1.5' is no number above 0 and up to 1, such as 0.875.")]
    [InlineData("--scale 0", "--scale '0' is no number other than 0.")]
    [InlineData("--scale NaN", "--scale 'NaN' is no number other than 0.")]
    [InlineData("--channels cmyk", "--channels 'cmyk' is none of rgb, bgr, grey.")]
    [InlineData("--labels l.csv --class-folders", "--labels and --class-folders both give the classes; leave one of them out.")]
    public void Wrong_usage_exits_with_2(string options, string message)
    {
        ToolRun run = Run("ptq", ["--output", _folder.Output, .. options.Split(' ')]);

        run.ExitCode.Should().Be(2);
        run.ErrorLine.Should().Match(message);
    }

    [Theory]
    [InlineData("--image-size 28", "--image-size goes with images, but {0} holds arrays, which are taken as they are.")]
    [InlineData("--class-folders", "--class-folders goes with images, but {0} holds arrays, which are taken as they are.")]
    public void Arrays_take_no_options_of_images(string options, string message)
    {
        _folder.WriteImages("samples", 0, 2);

        ToolRun run = ToolRun.InProcess(
            ["ptq", _folder.Model, "--data", _folder.Samples, "--output", _folder.Output, .. options.Split(' ')]);

        run.ExitCode.Should().Be(2);
        run.ErrorLine.Should().Be(string.Format(CultureInfo.InvariantCulture, message, _folder.Samples));
    }

    [Fact]
    public void Options_of_images_need_images()
    {
        ToolRun run = ToolRun.InProcess("ptq", _folder.Model, "--state", "a.qcal", "--mean", "0.5", "--output", _folder.Output);

        run.ExitCode.Should().Be(2);
        run.ErrorLine.Should().Be("--mean needs images: give --data DIR too.");
    }

    private ToolRun Run(string command, params string[] options) =>
        ToolRun.InProcess([command, _folder.Model, "--data", Images, .. options]);
}
