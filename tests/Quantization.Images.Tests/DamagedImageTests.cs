using System.Text.RegularExpressions;
using Quantization.Onnx.Tests;

namespace Quantization.Images.Tests;

/// <summary>Whatever bytes a file holds, it decodes or is refused, soon, and in one way.</summary>
public sealed class DamagedImageTests : IDisposable
{
    private const int Cuts = 40;
    private const int Mutations = 200;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Images => new(Directory.GetFiles(Path.GetDirectoryName(ImageData.Path("noise.png"))!)
        .Where(file => !file.EndsWith(".npy", StringComparison.Ordinal))
        .Select(file => Path.GetFileName(file))
        .Order(StringComparer.Ordinal));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("hang.jpg", "the image is damaged, or a JPEG of a kind that cannot be decoded; convert it to PNG or JPEG, or remove it.")]
    [InlineData(
        "hang1_q.jpg", "the image is damaged, or a JPEG of a kind that cannot be decoded; convert it to PNG or JPEG, or remove it.")]
    [InlineData("hang2_q.jpg", "the image is truncated; write or download it again, or remove it.")]
    [InlineData("hang3_q.jpg", "the image is truncated; write or download it again, or remove it.")]
    [InlineData("hang4_l.jpg", "the image is truncated; write or download it again, or remove it.")]
    public async Task A_jpeg_that_makes_a_careless_decoder_loop_for_ever(string file, string message)
    {
        string path = SharedFolder.Hostile(file);

        (await ImageData.ReadOrRefuseAsync(path)).Should().Be($"{path}: {message}");
    }

    [Fact]
    public async Task A_jpeg_of_ten_bytes()
    {
        string path = _folder.Write("ten.jpg", File.ReadAllBytes(ImageData.Path("smooth.jpg"))[..10]);

        (await ImageData.ReadOrRefuseAsync(path)).Should().Be($"{path}: the image is truncated; write or download it again, or remove it.");
    }

    [Fact]
    public async Task A_jpeg_that_ends_anywhere_inside_its_exif_segment()
    {
        byte[] whole = File.ReadAllBytes(ImageData.Path("exif.jpg"));
        int segment = whole.AsSpan().IndexOf<byte>([0xFF, 0xE1]);
        int end = segment + 2 + (whole[segment + 2] << 8) + whole[segment + 3];

        for (int length = segment; length <= end; length++)
        {
            (await CutAsync("exif.jpg", whole, length)).Should().Contain(": the image is truncated;", "{0} bytes are left", length);
        }
    }

    [Theory]
    [MemberData(nameof(Images))]
    public async Task A_truncated_image_is_refused_wherever_it_ends(string file)
    {
        byte[] whole = File.ReadAllBytes(ImageData.Path(file));
        for (int i = 0; i < Cuts; i++)
        {
            int length = i * (whole.Length - 1) / Cuts;

            string expected = length == 0 ? ": the file is empty" : ": the image is truncated;";
            (await CutAsync(file, whole, length)).Should().Contain(expected, "{0} bytes are left", length);
        }
    }

    /// <summary>GIFs are left out: all pixels of a GIF are there before its last byte, which some programs do not write.</summary>
    [Theory]
    [InlineData("noise.png")]
    [InlineData("smooth.jpg")]
    [InlineData("progressive.jpg")]
    [InlineData("noise.bmp")]
    [InlineData("noise.webp")]
    [InlineData("smooth.webp")]
    [InlineData("animated.webp")]
    public async Task An_image_without_its_last_bytes_is_refused(string file)
    {
        byte[] whole = File.ReadAllBytes(ImageData.Path(file));
        for (int missing = 1; missing <= 30; missing++)
        {
            (await CutAsync(file, whole, whole.Length - missing)).Should()
                .Contain(": the image is truncated;", "{0} bytes are missing", missing);
        }
    }

    [Theory]
    [MemberData(nameof(Images))]
    public async Task A_damaged_image_decodes_or_is_refused(string file)
    {
        byte[] whole = File.ReadAllBytes(ImageData.Path(file));
        Random random = new(7);
        for (int i = 0; i < Mutations; i++)
        {
            byte[] damaged = [.. whole];
            for (int n = random.Next(1, 4); n > 0; n--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            string path = _folder.Write(file, damaged);

            (await ImageData.ReadOrRefuseAsync(path)).Should().MatchRegex($"^({ImageData.Decoded}|{Regex.Escape(path)}: .*)$");
        }
    }

    private Task<string> CutAsync(string file, byte[] whole, int length) =>
        ImageData.ReadOrRefuseAsync(_folder.Write(file, whole[..length]));
}
