namespace Quantization.Onnx.Tests;

/// <summary>A folder of one test's own, gone after it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("quantization-tests-");

    public string PathTo(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>The names of everything inside.</summary>
    public string[] Entries => [.. _folder.EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0 }).Select(entry => entry.Name).Order(StringComparer.Ordinal)];

    public void Dispose() => _folder.Delete(recursive: true);
}
