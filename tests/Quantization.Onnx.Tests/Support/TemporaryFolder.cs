namespace Quantization.Onnx.Tests;

/// <summary>A folder of one test's own, gone after it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("quantization-tests-");

    public string FullName => _folder.FullName;

    /// <summary>The names of everything inside.</summary>
    public string[] Entries => [.. _folder.EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0 })
        .Select(entry => entry.Name).Order(StringComparer.Ordinal)];

    public string PathTo(string name) => Path.Combine(FullName, name);

    /// <summary>Writes a file, its folder included, and gives its path.</summary>
    public string Write(string name, byte[] content)
    {
        string path = PathTo(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>Writes a text file and gives its path.</summary>
    public string Write(string name, string content) => Write(name, System.Text.Encoding.UTF8.GetBytes(content));

    public void Dispose() => _folder.Delete(recursive: true);
}
