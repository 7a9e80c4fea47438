namespace Quantization.Benchmarks.Support;

/// <summary>Files of the repository, found from where the program was built.</summary>
internal static class RepositoryFiles
{
    public static string Root { get; } = FindRoot();

    public static string Model => Asset("fashion-mobilenet.onnx");

    public static string Asset(string name) => Path.Combine(Root, "src", "Quantization.Tool", "Assets", name);

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Quantization.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException(
            $"No folder above {AppContext.BaseDirectory} holds Quantization.sln; run the program from the repository.");
    }
}
