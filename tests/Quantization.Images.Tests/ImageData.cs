using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Images.Tests;

/// <summary>The checked-in images; see their README.</summary>
internal static class ImageData
{
    public static string Path(string file) => System.IO.Path.Combine(AppContext.BaseDirectory, "Data", file);

    /// <summary>What <see cref="ReadOrRefuseAsync"/> gives for an image that decodes.</summary>
    public const string Decoded = "decoded";

    /// <summary>
    /// Decodes a file within seconds: <see cref="Decoded"/>, or the message that refuses it. Any other exception is passed on.
    /// </summary>
    public static Task<string> ReadOrRefuseAsync(string path) => Task.Run(() =>
    {
        try
        {
            PixelImage image = ImageFile.Read(path);
            image.Pixels.Length.Should().Be(image.Width * image.Height * 3);
            return Decoded;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return e.Message;
        }
    }).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

    /// <summary>Bytes that Pillow computed, and their shape.</summary>
    public static (byte[] Values, long[] Shape) Pillow(string file)
    {
        SampleTensor tensor = SampleFile.ReadNpy(Path(file))[0];
        return (tensor.Data.ToArray(), tensor.Shape.ToArray());
    }

    /// <summary>Copies images into a folder.</summary>
    public static TemporaryFolder Folder(params string[] files)
    {
        TemporaryFolder folder = new();
        foreach (string file in files)
        {
            folder.Write(file, File.ReadAllBytes(Path(System.IO.Path.GetFileName(file))));
        }

        return folder;
    }
}
