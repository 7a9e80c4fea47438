using System.Globalization;
using System.Runtime.InteropServices;
using Quantization.Onnx;

namespace Quantization.Images.Tests;

public sealed class ImageConverterTests
{
    private static readonly ImageOptions Bytes = new() { Scale = 1, Layout = ImageLayout.Nhwc };

    [Theory]
    [InlineData(11, 7)]
    [InlineData(40, 31)]
    [InlineData(23, 5)]
    [InlineData(50, 17)]
    [InlineData(1, 1)]
    public void Stretching_gives_the_bytes_that_Pillow_gives(int width, int height)
    {
        (byte[] expected, long[] shape) = ImageData.Pillow(string.Create(CultureInfo.InvariantCulture, $"stretched-{width}x{height}.npy"));

        SampleTensor actual = Convert("noise.png", Bytes with { Width = width, Height = height });

        actual.Shape.ToArray().Should().Equal(shape);
        Floats(actual).Should().Equal(expected.Select(value => (float)value));
    }

    [Theory]
    [InlineData("noise.png", "cropped-14.npy")]
    [InlineData("upright.png", "cropped-upright-14.npy")]
    public void Cropping_gives_the_bytes_that_torchvision_gives(string file, string expected) =>
        Floats(Convert(file, Bytes with { Width = 14, Height = 14, Fit = ImageFit.CenterCrop, CropShare = 0.875 })).Should()
            .Equal(ImageData.Pillow(expected).Values.Select(value => (float)value));

    [Fact]
    public void A_crop_that_is_not_square_is_just_covered()
    {
        PixelImage wide = new(40, 10, 3, [.. Enumerable.Range(0, 1200).Select(i => (byte)(i % 120))]);

        // 40 x 10 to 8 x 5: the height limits, so 20 x 5, of which columns 6 ... 13 stay.
        PixelImage resized = ImageResizer.Resize(wide, 20, 5);
        Floats(new ImageConverter(Bytes with { Width = 8, Height = 5, Fit = ImageFit.CenterCrop }).Convert("wide", wide))
            .Should().Equal(resized.Crop(6, 0, 8, 5).Pixels.Select(value => (float)value));
    }

    [Fact]
    public void Grey_images_are_resized_as_Pillow_does()
    {
        SampleTensor actual = Convert("noise.png", Bytes with { Width = 9, Height = 13, Channels = ImageChannels.Grey });

        actual.Shape.ToArray().Should().Equal(13, 9, 1);
        Floats(actual).Should().Equal(ImageData.Pillow("grey-9x13.npy").Values.Select(value => (float)value));
    }

    [Theory]
    [InlineData(ImageChannels.Rgb, ImageLayout.Nchw)]
    [InlineData(ImageChannels.Rgb, ImageLayout.Nhwc)]
    [InlineData(ImageChannels.Bgr, ImageLayout.Nchw)]
    [InlineData(ImageChannels.Bgr, ImageLayout.Nhwc)]
    public void Each_value_lies_where_channels_and_layout_say_with_its_own_mean_and_deviation(ImageChannels channels, ImageLayout layout)
    {
        const int Width = 2, Height = 3;
        PixelImage image = new(Width, Height, 3, [.. Enumerable.Range(0, 18).Select(i => (byte)(i * 13))]);
        double[] mean = [0.1, 0.2, 0.3], deviation = [0.5, 0.25, 0.125];
        ImageOptions options =
            new() { Width = Width, Height = Height, Channels = channels, Layout = layout, Mean = mean, StandardDeviation = deviation };

        SampleTensor tensor = new ImageConverter(options).Convert("image", image);

        float[] values = Floats(tensor);
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                for (int channel = 0; channel < 3; channel++)
                {
                    byte code = image.Pixels[(y * Width + x) * 3 + (channels == ImageChannels.Rgb ? channel : 2 - channel)];
                    int position = layout == ImageLayout.Nchw ? (channel * Height + y) * Width + x : (y * Width + x) * 3 + channel;
                    values[position].Should().Be((float)((code * (1.0 / 255) - mean[channel]) / deviation[channel]));
                }
            }
        }

        tensor.Shape.ToArray().Should().Equal(layout == ImageLayout.Nchw ? [3, Height, Width] : [Height, Width, 3]);
    }

    [Fact]
    public void One_mean_and_one_deviation_stand_for_every_channel()
    {
        ImageOptions one = new() { Width = 5, Height = 5, Mean = [0.5], StandardDeviation = [0.25] };

        Floats(Convert("noise.png", one)).Should()
            .Equal(Floats(Convert("noise.png", one with { Mean = [0.5, 0.5, 0.5], StandardDeviation = [0.25, 0.25, 0.25] })));
    }

    [Fact]
    public void An_image_too_long_and_thin_is_refused()
    {
        PixelImage thread = new(1, 90_000, 3, new byte[270_000]);
        ImageConverter converter = new(Bytes with { Width = 224, Height = 224, Fit = ImageFit.CenterCrop });

        FluentActions.Invoking(() => converter.Convert("thread.png", thread)).Should().Throw<InvalidDataException>()
            .WithMessage("thread.png: an image of 1 by 90000 pixels is too long and thin to be resized in proportion; stretch it*");
    }

    [Fact]
    public void Impossible_options_are_refused()
    {
        Refuses<ArgumentOutOfRangeException>(() => new ImageOptions { Width = 0 });
        Refuses<ArgumentOutOfRangeException>(() => new ImageOptions { Height = -3 });
        Refuses<ArgumentOutOfRangeException>(() => new ImageOptions { CropShare = 0 });
        Refuses<ArgumentOutOfRangeException>(() => new ImageOptions { CropShare = double.NaN });
        Refuses<ArgumentOutOfRangeException>(() => new ImageOptions { Scale = 0 });
        Refuses<ArgumentException>(
            () => new ImageOptions { Mean = [1, 2] }, "Mean takes one number or one for each of three channels, finite, not 1, 2.*");
        Refuses<ArgumentException>(
            () => new ImageOptions { StandardDeviation = [0.5, 0, 1] },
            "StandardDeviation takes one number or one for each of three channels, finite and not 0, not 0.5, 0, 1.*");
        Refuses<ArgumentException>(
            () => new ImageConverter(new ImageOptions { Width = 3 }), "The width and the height of images are not both given*");
        Refuses<ArgumentException>(
            () => new ImageConverter(ImageOptions.ImageNet with { Width = 3, Height = 3, Channels = ImageChannels.Grey }),
            "ImageOptions.Mean has 3 numbers, but a grey image has one channel*");
    }

    private static void Refuses<T>(Func<object> action, string message = "*")
        where T : Exception => action.Should().Throw<T>().WithMessage(message);

    private static SampleTensor Convert(string file, ImageOptions options)
    {
        string path = ImageData.Path(file);
        return new ImageConverter(options).Convert(path, ImageFile.Read(path));
    }

    private static float[] Floats(SampleTensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.Data).ToArray();
}
