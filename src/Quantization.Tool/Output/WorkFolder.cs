namespace Quantization.Tool;

/// <summary>A folder for files that nobody needs after the run.</summary>
internal sealed class WorkFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("quantize-");

    /// <summary>The path of a file in the folder.</summary>
    public string this[string file] => Path.Combine(_folder.FullName, file);

    public void Dispose() => _folder.Delete(recursive: true);
}
