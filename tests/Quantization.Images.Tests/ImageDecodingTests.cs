using Quantization.Onnx.Tests;

namespace Quantization.Images.Tests;

/// <summary>Pixels are those that Pillow 9.4 decodes, of every format.</summary>
public sealed class ImageDecodingTests
{
    [Theory]
    [InlineData("noise.bmp", "noise.png")]
    [InlineData("noise.webp", "noise.png")]
    [InlineData("animated.webp", "noise.png")]
    [InlineData("interlaced.png", "noise.png")]
    [InlineData("transparent.png", "noise.png")]
    [InlineData("transparent.webp", "noise.png")]
    [InlineData("noise.gif", "palette.png")]
    [InlineData("plain.gif", "palette.png")]
    [InlineData("indexed.bmp", "palette.png")]
    [InlineData("indexed.png", "palette.png")]
    public void Lossless_formats_give_the_same_pixels(string file, string same)
    {
        PixelImage image = ImageFile.Read(ImageData.Path(file));

        (image.Width, image.Height, image.Channels).Should().Be((23, 17, 3));
        image.Pixels.Should().Equal(ImageFile.Read(ImageData.Path(same)).Pixels);
    }

    [Theory]
    [InlineData("deep.png", "noise.png")]
    [InlineData("deep-grey.png", "grey.png")]
    public void Sixteen_bits_are_cut_to_eight(string file, string same) =>
        ImageFile.Read(ImageData.Path(file)).Pixels.Should().Equal(ImageFile.Read(ImageData.Path(same)).Pixels);

    [Theory]
    [InlineData("smooth.webp")]
    [InlineData("progressive.jpg")]
    [InlineData("chroma.jpg")]
    [InlineData("grey.jpg")]
    [InlineData("cmyk.jpg")]
    [InlineData("transparent.gif")]
    [InlineData("margin.gif")]
    [InlineData("transparent-margin.gif")]
    public void Decoding_gives_the_bytes_that_Pillow_gives(string file)
    {
        (byte[] expected, long[] shape) = ImageData.Pillow($"decoded-{file}.npy");

        PixelImage image = ImageFile.Read(ImageData.Path(file));

        shape.Should().Equal(image.Height, image.Width, 3);
        image.Pixels.Should().Equal(expected);
    }

    [Theory]
    [InlineData("smooth.jpg")]
    [InlineData("exif.jpg")]
    public void A_jpeg_gives_the_bytes_that_Pillow_gives_whichever_way_the_camera_was_held(string file) =>
        ImageFile.Read(ImageData.Path(file)).Pixels.Should().Equal(ImageFile.Read(ImageData.Path("smooth.png")).Pixels);

    [Fact]
    public void Grey_is_what_Pillow_makes_of_colours() =>
        ImageFile.Read(ImageData.Path("noise.png")).ToGrey().Pixels.Should()
            .Equal(ImageFile.Read(ImageData.Path("grey.png")).ToGrey().Pixels);

    [Fact]
    public void A_file_is_told_by_its_first_bytes_and_read_through_a_link()
    {
        using TemporaryFolder folder = new();
        string misnamed = folder.Write("jpeg.png", File.ReadAllBytes(ImageData.Path("smooth.jpg")));
        string link = folder.PathTo("link.png");
        File.CreateSymbolicLink(link, misnamed);

        ImageFile.Read(link).Pixels.Should().Equal(ImageFile.Read(ImageData.Path("smooth.jpg")).Pixels);
    }

    [Fact]
    public void Many_threads_decode_side_by_side()
    {
        string[] files = ["noise.png", "smooth.jpg", "progressive.jpg", "noise.gif", "smooth.webp"];
        byte[][] expected = [.. files.Select(file => ImageFile.Read(ImageData.Path(file)).Pixels)];

        Parallel.For(0, 200, i => ImageFile.Read(ImageData.Path(files[i % files.Length]))
            .Pixels.AsSpan().SequenceEqual(expected[i % files.Length]).Should().BeTrue());
    }
}
