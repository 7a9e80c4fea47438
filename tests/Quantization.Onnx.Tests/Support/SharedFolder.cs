namespace Quantization.Onnx.Tests;

/// <summary>
/// Models and hostile files that are too large, or not free enough, for the repository: a folder called <c>shared</c> beside the clone.
/// Where it is missing, the tests that need it are left out.
/// </summary>
internal static class SharedFolder
{
    /// <summary>The path of a file or folder among those that once made the library fail.</summary>
    public static string Hostile(params string[] path) => Find(["data", "hostile", .. path]);

    /// <summary>The path of a model, or of a folder of models.</summary>
    public static string Models(params string[] path) => Find(["models", .. path]);

    private static string Find(string[] path)
    {
        string? root = AppContext.BaseDirectory;
        while (root is not null && !File.Exists(Path.Combine(root, "Quantization.sln")))
        {
            root = Path.GetDirectoryName(root);
        }

        string found = Path.Combine([Path.GetDirectoryName(root) ?? Path.GetTempPath(), "shared", .. path]);
        Prerequisite.Require(
            Path.Exists(found), $"This test reads {string.Join('/', path)} in the folder 'shared' beside the clone, which is not there.");
        return found;
    }
}
