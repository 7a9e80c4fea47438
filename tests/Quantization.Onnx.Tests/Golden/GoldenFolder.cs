namespace Quantization.Onnx.Tests.Golden;

/// <summary>The folder of the repository that holds the stored data, where it can also be rewritten.</summary>
internal static class GoldenFolder
{
    /// <summary>The path of a file there.</summary>
    public static string PathTo(string name)
    {
        string? root = AppContext.BaseDirectory;
        while (root is not null && !File.Exists(Path.Combine(root, "Quantization.sln")))
        {
            root = Path.GetDirectoryName(root);
        }

        root.Should().NotBeNull("the golden data is read from the repository");
        return Path.Combine(root!, "tests", "Quantization.Onnx.Tests", "Golden", "Data", name);
    }
}
