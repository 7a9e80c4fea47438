namespace Quantization.Tool;

/// <summary>The embedded classifier.</summary>
internal static class ExampleModel
{
    public const string Name = "fashion-mobilenet";

    /// <summary>Writes the model to a file.</summary>
    public static void Save(string path)
    {
        using Stream model = Open($"{Name}.onnx");
        using FileStream file = File.Create(path);
        model.CopyTo(file);
    }

    /// <summary>Opens an embedded file.</summary>
    public static Stream Open(string resource) => typeof(ExampleModel).Assembly.GetManifestResourceStream(resource)
        ?? throw new FileNotFoundException($"The tool was built without its embedded file {resource}; build it again.", resource);
}
