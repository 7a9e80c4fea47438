using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Images.Tests;

public sealed class ImageFolderTests
{
    private static readonly ImageOptions Small = new() { Width = 4, Height = 3 };
    private static readonly string Fashion = Path.Combine(AppContext.BaseDirectory, "Assets", "fashion-mobilenet.onnx");

    [Fact]
    public void Images_of_all_folders_are_samples_in_ordinal_order_and_other_files_are_none()
    {
        using TemporaryFolder folder = ImageData.Folder(
            "b/noise.png", "a/noise.bmp", "B/noise.gif", "smooth.jpg", "a/smooth.png", "a/.hidden/noise.png");
        folder.Write("notes.txt", "text");
        folder.Write("._noise.png", "what a Mac leaves");

        ImageFolder images = new(folder.FullName, Small);

        images.Count.Should().Be(5);
        images.Select(image => Path.GetRelativePath(folder.FullName, image.Name).Replace('\\', '/')).Should()
            .Equal("B/noise.gif", "a/noise.bmp", "a/smooth.png", "b/noise.png", "smooth.jpg");
        images.Select(image => (image.Label, image.Inputs.Length)).Should().OnlyContain(image => image.Label == null && image.Length == 1);
        images.First().Inputs[0].Shape.ToArray().Should().Equal(3, 3, 4);
    }

    [Fact]
    public void Folders_can_be_classes_and_every_fourth_image_calibrates()
    {
        using TemporaryFolder folder = ImageData.Folder(
            "dog/noise.png", "cat/noise.png", "cat/smooth.png", "cat/young/grey.png", "emu/noise.gif");

        ImageFolder images = new(folder.FullName, Small, foldersAreClasses: true);
        (ImageFolder calibration, ImageFolder scoring) = images.Split();

        images.Classes.Should().Equal("cat", "dog", "emu");
        images.Select(image => image.Label).Should().Equal(0, 0, 0, 1, 2);
        calibration.Select(image => image.Label).Should().Equal(0, 2);
        scoring.Select(image => image.Label).Should().Equal(0, 0, 1);
        scoring.Classes.Should().Equal(images.Classes);
    }

    [Fact]
    public void An_image_in_no_class_is_refused()
    {
        using TemporaryFolder folder = ImageData.Folder("dog/noise.png", "smooth.jpg");

        FluentActions.Invoking(() => new ImageFolder(folder.FullName, Small, foldersAreClasses: true)).Should()
            .Throw<InvalidDataException>()
            .WithMessage($"{folder.PathTo("smooth.jpg")}: the image lies in no folder of a class; move it into one, or remove it.");
    }

    [Fact]
    public void Labels_go_to_the_images_of_their_paths()
    {
        using TemporaryFolder folder = ImageData.Folder("dog/noise.png", "smooth.jpg", "noise.gif");
        LabelFile labels = LabelFile.Read(folder.Write("labels.csv", "smooth.jpg,3\ndog/noise.png,1\n"));

        ImageFolder images = new(folder.FullName, Small, labels);
        (ImageFolder calibration, ImageFolder scoring) = images.Split();

        images.Select(image => image.Label).Should().Equal(1, null, 3);
        calibration.Select(image => image.Label).Should().Equal(1, null);
        scoring.Select(image => image.Label).Should().Equal(3);
    }

    [Fact]
    public void What_contradicts_itself_is_refused()
    {
        using TemporaryFolder folder = ImageData.Folder("dog/noise.png");
        LabelFile labels = LabelFile.Read(folder.Write("labels.csv", "noise.png,3\n"));

        FluentActions.Invoking(() => new ImageFolder(folder.FullName, Small, labels)).Should()
            .Throw<InvalidDataException>().WithMessage($"{labels.Path}, line 1: 'noise.png' is no sample of {folder.FullName}*");
        FluentActions.Invoking(() => new ImageFolder(folder.FullName, Small, labels, foldersAreClasses: true)).Should()
            .Throw<ArgumentException>().WithMessage("Give classes either by labels or by folders*");
        FluentActions.Invoking(() => new ImageFolder(folder.PathTo("no"), Small)).Should().Throw<DirectoryNotFoundException>();
        FluentActions.Invoking(() => new SampleFolder(folder.FullName)).Should().Throw<InvalidDataException>().WithMessage(
            $"{folder.FullName}: the folder has images, no arrays; ImageFolder of the package Quantization.Images makes samples of them.");
        using TemporaryFolder empty = new();
        FluentActions.Invoking(() => new ImageFolder(empty.FullName, Small)).Should()
            .Throw<InvalidDataException>().WithMessage($"{empty.FullName}: the folder has no image; put .png*");
    }

    [Fact]
    public void A_damaged_image_is_met_only_when_its_turn_comes()
    {
        using TemporaryFolder folder = ImageData.Folder("noise.png");
        string damaged = folder.Write("z.png", "no image, though it has the name of one, and is long enough");

        using IEnumerator<ModelSample> images = new ImageFolder(folder.FullName, Small).GetEnumerator();

        images.MoveNext().Should().BeTrue();
        FluentActions.Invoking(() => images.MoveNext()).Should().Throw<InvalidDataException>().WithMessage($"{damaged}: it is no PNG*");
    }

    [Fact]
    public void A_truncated_image_is_named()
    {
        using TemporaryFolder folder = ImageData.Folder("a/noise.png", "b/smooth.jpg");
        string truncated = folder.Write("a/truncated.png", File.ReadAllBytes(ImageData.Path("noise.png"))[..900]);

        FluentActions.Invoking(() => new ImageFolder(folder.FullName, Small).ToArray()).Should().Throw<InvalidDataException>()
            .WithMessage($"{truncated}: the image is truncated; write or download it again, or remove it.");
    }

    [Fact]
    public void Images_of_formats_that_are_not_decoded_are_listed_and_counted()
    {
        using TemporaryFolder folder = ImageData.Folder("noise.png", "a/smooth.webp");
        foreach (string file in new[] { "b.tga", "a/c.TGA", "d.heic", "a/.hidden.tif", "notes.txt" })
        {
            folder.Write(file, "not read");
        }

        ImageFolder images = new(folder.FullName, Small);

        images.Select(image => Path.GetFileName(image.Name)).Should().Equal("smooth.webp", "noise.png");
        images.Unreadable.Should().Equal("a/c.TGA", "b.tga", "d.heic");
        images.Warning.Should().Be($"{folder.FullName}: 3 files of formats that cannot be read are left out: .tga 2, .heic 1.");
    }

    [Fact]
    public void A_single_image_that_is_left_out_is_told_in_the_singular_and_none_not_at_all()
    {
        using TemporaryFolder folder = ImageData.Folder("noise.png");
        new ImageFolder(folder.FullName, Small).Warning.Should().BeNull();
        folder.Write("scan.tiff", "not read");

        new ImageFolder(folder.FullName, Small).Warning.Should()
            .Be($"{folder.FullName}: 1 file of a format that cannot be read is left out: .tiff 1.");
    }

    [Fact]
    public void A_folder_of_nothing_but_images_that_are_not_decoded_is_refused()
    {
        using TemporaryFolder folder = new();
        folder.Write("a.psd", "not read");
        folder.Write("b.avif", "not read");

        ImageFolder.HasImages(folder.FullName).Should().BeTrue();
        FluentActions.Invoking(() => new ImageFolder(folder.FullName, Small)).Should().Throw<InvalidDataException>()
            .WithMessage($"{folder.FullName}: none of the folder's images is of a format that can be read: .avif 1, .psd 1; "
                + "convert them to PNG or JPEG.");
    }

    [Fact]
    public void Images_that_are_left_out_shift_no_class_and_may_have_labels()
    {
        using TemporaryFolder folder = ImageData.Folder("ant/noise.png", "cow/smooth.png");
        folder.Write("bee/a.tga", "not read");
        LabelFile labels = LabelFile.Read(folder.Write("labels.csv", "bee/a.tga,1\ncow/smooth.png,2\n"));

        ImageFolder images = new(folder.FullName, Small, foldersAreClasses: true);

        images.Classes.Should().Equal("ant", "bee", "cow");
        images.Select(image => image.Label).Should().Equal(0, 2);
        new ImageFolder(folder.FullName, Small, labels).Select(image => image.Label).Should().Equal(null, 2);
    }

    [Theory]
    [InlineData(new long[] { -1, 3, 20, 30 }, 30, 20, ImageChannels.Rgb, ImageLayout.Nchw)]
    [InlineData(new long[] { 1, 1, 20, 30 }, 30, 20, ImageChannels.Grey, ImageLayout.Nchw)]
    [InlineData(new long[] { -1, 20, 30, 3 }, 30, 20, ImageChannels.Rgb, ImageLayout.Nhwc)]
    [InlineData(new long[] { -1, 20, 30, 1 }, 30, 20, ImageChannels.Grey, ImageLayout.Nhwc)]
    public void The_model_tells_size_channels_and_layout(long[] shape, int width, int height, ImageChannels channels, ImageLayout layout)
    {
        using TemporaryFolder folder = ImageData.Folder("images/noise.png");

        ImageFolder images = ImageFolder.ForModel(Model(folder, shape), folder.PathTo("images"));

        images.Options.Should().Be(ImageOptions.None with { Width = width, Height = height, Channels = channels, Layout = layout });
    }

    [Fact]
    public void Options_tell_what_the_model_leaves_open()
    {
        using TemporaryFolder folder = ImageData.Folder("images/noise.png");
        string model = Model(folder, [-1, -1, -1, -1]);

        ImageOptions options = ImageFolder.ForModel(
            model, folder.PathTo("images"), new ImageOptions { Width = 5, Height = 6, Channels = ImageChannels.Bgr }).Options;

        (options.Width, options.Height, options.Channels, options.Layout).Should().Be((5, 6, ImageChannels.Bgr, ImageLayout.Nchw));
        ImageFolder.ForModel(model, folder.PathTo("images"), new ImageOptions { Width = 5, Height = 6, Layout = ImageLayout.Nhwc })
            .Options.Layout.Should().Be(ImageLayout.Nhwc);
    }

    [Theory]
    [InlineData(new long[] { -1, 10 }, null, null, "input 'x' has shape [?, 10], but images need one of four axes")]
    [InlineData(new long[] { -1, 3, -1, 20 }, null, null, "input 'x' of shape [?, 3, ?, 20] leaves the images' height open; give a size "
        + "(ImageOptions.Width and Height).")]
    [InlineData(new long[] { -1, 3, 20, 30 }, 31, null, "input 'x' of shape [?, 3, 20, 30] takes images of width 30, not 31; leave the "
        + "size to the model.")]
    [InlineData(
        new long[] { -1, 3, 20, 30 },
        null,
        ImageChannels.Grey,
        "input 'x' of shape [?, 3, 20, 30] takes 3 channels as Nchw, but Grey images have 1; choose other channels or another layout.")]
    [InlineData(new long[] { -1, 4, 20, 30 }, null, null, "input 'x' of shape [?, 4, 20, 30] takes 4 channels as Nchw, but Rgb images have "
        + "3; choose other channels or another layout.")]
    public void A_model_that_takes_other_images_is_named(long[] shape, int? width, ImageChannels? channels, string message)
    {
        using TemporaryFolder folder = ImageData.Folder("images/noise.png");
        string model = Model(folder, shape);
        Action open = () => ImageFolder.ForModel(model, folder.PathTo("images"), new ImageOptions { Width = width, Channels = channels });

        open.Should().Throw<OnnxModelException>().Which.Message.Should().StartWith($"{model}: {message}");
    }

    [Fact]
    public void A_model_of_several_inputs_takes_no_images()
    {
        using TemporaryFolder folder = ImageData.Folder("images/noise.png");
        string model = new ModelBuilder().Input("x", 1, 3, 2, 2).Input("z", 1, 3, 2, 2).Output("y", 1, 3, 2, 2).Node("Add", ["x", "z"], "y")
            .Save(folder.PathTo("model.onnx"));

        FluentActions.Invoking(() => ImageFolder.ForModel(model, folder.PathTo("images"))).Should()
            .Throw<OnnxModelException>().WithMessage($"{model}: the model takes 2 inputs, but images are samples for one*");
    }

    [Fact]
    public void A_model_is_quantized_from_images()
    {
        using TemporaryFolder folder = ImageData.Folder("images/noise.png", "images/smooth.jpg", "images/grey.png");

        PtqResult result = PostTrainingQuantizer.Quantize(
            Fashion, ImageFolder.ForModel(Fashion, folder.PathTo("images")), folder.PathTo("int8.onnx"));

        result.Calibration.SampleCount.Should().Be(3);
        result.Int8Nodes.Should().Be(21);
    }

    private static string Model(TemporaryFolder folder, long[] shape) =>
        new ModelBuilder().Input("x", shape).Output("y", shape).Node("Relu", ["x"], "y").Save(folder.PathTo("model.onnx"));
}
