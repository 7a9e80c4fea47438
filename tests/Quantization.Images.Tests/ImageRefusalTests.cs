using System.Buffers.Binary;
using System.Diagnostics;
using Quantization.Onnx.Tests;

namespace Quantization.Images.Tests;

/// <summary>Files that are no images, or no whole ones, are refused in one line that names them.</summary>
public sealed class ImageRefusalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_that_is_no_image()
    {
        string path = _folder.Write("text.png", "This is a text, and long enough for any header that a decoder may look for.");

        Refusal(path).Should().Be($"{path}: it is no PNG, JPEG, WebP, BMP or GIF image; convert it to PNG or JPEG, or remove it.");
    }

    [Theory]
    [InlineData("icon", new byte[] { 0, 0, 1, 0, 1, 0, 16, 16 })]
    [InlineData("wireless bitmap", new byte[] { 0, 0, 8, 1, 0xFF })]
    [InlineData("TIFF or raw photograph", new byte[] { (byte)'I', (byte)'I', 42, 0, 8, 0, 0, 0 })]
    public void A_format_that_the_decoder_knows_but_this_library_does_not(string format, byte[] content)
    {
        string path = _folder.Write($"{format}.png", content);

        Refusal(path).Should().StartWith($"{path}: it is no PNG, JPEG, WebP, BMP or GIF image");
    }

    [Fact]
    public void An_empty_file()
    {
        string path = _folder.Write("empty.png", "");

        Refusal(path).Should().Be($"{path}: the file is empty; write it again, or remove it.");
    }

    [Fact]
    public async Task A_pipe_is_refused_before_it_blocks()
    {
        string path = _folder.PathTo("pipe.png"), link = _folder.PathTo("device.png");
        Prerequisite.Require(!OperatingSystem.IsWindows(), "Windows has no pipes in folders.");
        using Process make = Process.Start("mkfifo", path);
        await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(link, "/dev/zero");

        (await ImageData.ReadOrRefuseAsync(path)).Should().StartWith($"{path}: a named pipe is no file to read from;");
        (await ImageData.ReadOrRefuseAsync(link)).Should().StartWith($"{link}: a device is no file to read from;");
    }

    [Fact]
    public void A_file_larger_than_any_image()
    {
        string path = _folder.PathTo("large.png");
        using (FileStream file = File.Create(path))
        {
            file.SetLength((256L << 20) + 1);
        }

        Refusal(path).Should().Be(
            $"{path}: the file has 268,435,457 bytes; images have at most 268,435,456. Compress the image or scale it down, or remove it.");
    }

    [Theory]
    [InlineData(12_000, 9_000)]
    [InlineData(90_000, 90_000)]
    [InlineData(100_001, 1)]
    [InlineData(1, 1_000_000)]
    public void A_header_that_claims_too_many_pixels_is_refused_before_memory_is_taken(int width, int height)
    {
        byte[] image = File.ReadAllBytes(ImageData.Path("noise.png"));
        BinaryPrimitives.WriteInt32BigEndian(image.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(image.AsSpan(20), height);
        BinaryPrimitives.WriteUInt32BigEndian(image.AsSpan(29), Checksum(image.AsSpan(12, 17)));
        string path = _folder.Write("bomb.png", image);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Refusal(path).Should().StartWith(FormattableString.Invariant(
            $"{path}: its header claims {width} by {height} pixels; images have at most 100,000 per side and 100,000,000 in all."));
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(10_000_000);
    }

    [Fact]
    public void A_damaged_image()
    {
        byte[] image = File.ReadAllBytes(ImageData.Path("noise.png"));
        image[41] = 0xFF; // the first byte of the compressed data says how it was compressed
        string path = _folder.Write("damaged.png", image);

        Refusal(path).Should()
            .Be($"{path}: the image is damaged, or a PNG of a kind that cannot be decoded; convert it to PNG or JPEG, or remove it.");
    }

    [Fact]
    public void A_jpeg_of_an_encoding_that_is_not_supported()
    {
        byte[] image = File.ReadAllBytes(ImageData.Path("smooth.jpg"));
        int frame = image.AsSpan().IndexOf<byte>([0xFF, 0xC0]);
        image[frame + 1] = 0xC3; // lossless
        string path = _folder.Write("lossless.jpg", image);

        Refusal(path).Should()
            .Be($"{path}: the image is damaged, or a JPEG of a kind that cannot be decoded; convert it to PNG or JPEG, or remove it.");
    }

    /// <summary>The CRC-32 of a PNG's chunk, without which its header would count as damaged.</summary>
    private static uint Checksum(ReadOnlySpan<byte> chunk)
    {
        uint sum = uint.MaxValue;
        foreach (byte value in chunk)
        {
            sum ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                sum = (sum >> 1) ^ ((sum & 1) * 0xEDB88320);
            }
        }

        return ~sum;
    }

    private static string Refusal(string path) =>
        FluentActions.Invoking(() => ImageFile.Read(path)).Should().Throw<InvalidDataException>().Which.Message;
}
