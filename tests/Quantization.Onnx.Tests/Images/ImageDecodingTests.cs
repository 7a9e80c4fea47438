using System.Buffers.Binary;

namespace Quantization.Onnx.Tests.Images;

public sealed class ImageDecodingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("noise.bmp", "noise.png")]
    [InlineData("noise.tga", "noise.png")]
    [InlineData("noise.gif", "palette.png")]
    [InlineData("transparent.png", "noise.png")]
    public void Lossless_formats_give_the_same_pixels(string file, string same)
    {
        PixelImage image = ImageFile.Read(ImageData.Path(file));

        (image.Width, image.Height, image.Channels).Should().Be((23, 17, 3));
        image.Pixels.Should().Equal(ImageFile.Read(ImageData.Path(same)).Pixels);
    }

    [Theory]
    [InlineData("smooth.jpg")]
    [InlineData("progressive.jpg")]
    public void Jpeg_is_what_libjpeg_decodes_but_for_rounding(string file)
    {
        byte[] expected = ImageFile.Read(ImageData.Path("smooth.png")).Pixels;

        byte[] actual = ImageFile.Read(ImageData.Path(file)).Pixels;

        // Decoders may differ in the last bits of the inverse transform and of the chroma's interpolation.
        actual.Zip(expected, (a, b) => Math.Abs(a - b)).Max().Should().BeLessThanOrEqualTo(6);
        actual.Zip(expected, (a, b) => Math.Abs(a - b)).Average().Should().BeLessThan(1);
    }

    [Fact]
    public void Grey_is_what_Pillow_makes_of_colours() =>
        ImageFile.Read(ImageData.Path("noise.png")).ToGrey().Pixels.Should().Equal(ImageFile.Read(ImageData.Path("grey.png")).ToGrey().Pixels);

    [Theory]
    [InlineData("noise.png")]
    [InlineData("smooth.jpg")]
    [InlineData("progressive.jpg")]
    [InlineData("noise.bmp")]
    [InlineData("noise.gif")]
    [InlineData("noise.tga")]
    public void A_truncated_image_is_refused_wherever_it_ends(string file)
    {
        byte[] whole = File.ReadAllBytes(ImageData.Path(file));
        foreach (double share in (double[])[0.1, 0.3, 0.5, 0.7, 0.9])
        {
            string path = _folder.Write(file, whole[..(int)(share * whole.Length)]);

            Refusal(path).Should().StartWith($"{path}: ").And.MatchRegex(": (the image is truncated|the image is damaged|it is no PNG)");
        }

        Refusal(_folder.Write(file, whole[..^30])).Should().Contain("the image is truncated; write or download it again, or remove it.");
    }

    [Fact]
    public void A_file_that_is_no_image_is_refused()
    {
        string path = _folder.Write("text.png", "This is a text, and long enough for any header that a decoder may look for.");

        Refusal(path).Should().Be($"{path}: it is no PNG, JPEG, BMP, GIF, TGA or PSD image, or claims more than a billion bytes; convert, scale down or remove it.");
    }

    [Fact]
    public void An_image_of_more_bytes_than_an_array_holds_is_refused()
    {
        byte[] image = File.ReadAllBytes(ImageData.Path("noise.png"));
        BinaryPrimitives.WriteInt32BigEndian(image.AsSpan(16), 90_000);
        BinaryPrimitives.WriteInt32BigEndian(image.AsSpan(20), 90_000);

        Refusal(_folder.Write("bomb.png", image)).Should().EndWith("or claims more than a billion bytes; convert, scale down or remove it.");
    }

    [Fact]
    public void An_empty_file_is_refused()
    {
        string path = _folder.Write("empty.png", "");

        Refusal(path).Should().Be($"{path}: the file is empty; write it again, or remove it.");
    }

    [Theory]
    [InlineData(12_000, 9_000)]
    [InlineData(100_001, 1)]
    [InlineData(1, 1_000_000)]
    public void A_header_that_claims_too_many_pixels_is_refused_before_memory_is_taken(int width, int height)
    {
        byte[] image = File.ReadAllBytes(ImageData.Path("noise.png"));
        BinaryPrimitives.WriteInt32BigEndian(image.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(image.AsSpan(20), height);
        string path = _folder.Write("bomb.png", image);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Refusal(path).Should().StartWith(FormattableString.Invariant($"{path}: its header claims {width} by {height} pixels; images have at most 100,000 a side and 100,000,000 in all."));
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(10_000_000);
    }

    [Fact]
    public void A_damaged_image_is_refused()
    {
        byte[] image = File.ReadAllBytes(ImageData.Path("noise.png"));
        image[41] = 0xFF; // the first byte of the compressed data says how it was compressed
        string path = _folder.Write("damaged.png", image);

        Refusal(path).Should().StartWith($"{path}: the image is damaged, or of a kind that cannot be decoded (").And.EndWith("); convert it to PNG or JPEG, or remove it.");
    }

    [Fact]
    public void Many_threads_decode_side_by_side()
    {
        string[] files = ["noise.png", "smooth.jpg", "progressive.jpg", "noise.gif"];
        byte[][] expected = [.. files.Select(file => ImageFile.Read(ImageData.Path(file)).Pixels)];

        Parallel.For(0, 200, i => ImageFile.Read(ImageData.Path(files[i % files.Length])).Pixels.AsSpan().SequenceEqual(expected[i % files.Length]).Should().BeTrue());
    }

    private static string Refusal(string path) => FluentActions.Invoking(() => ImageFile.Read(path)).Should().Throw<InvalidDataException>().Which.Message;
}
