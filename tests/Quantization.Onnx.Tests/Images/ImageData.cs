namespace Quantization.Onnx.Tests.Images;

/// <summary>The checked-in images; see their README.</summary>
internal static class ImageData
{
    public static string Path(string file) => System.IO.Path.Combine(AppContext.BaseDirectory, "Images", "Data", file);

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
