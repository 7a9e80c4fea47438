namespace Quantization.Onnx.Tests;

/// <summary>What models and data from the tests need beyond the SDK: where it is missing, the message says how to get it.</summary>
internal static class Prerequisite
{
    /// <exception cref="FileNotFoundException">The condition does not hold.</exception>
    public static void Require(bool condition, string missingAndRemedy)
    {
        if (!condition)
        {
            throw new FileNotFoundException(missingAndRemedy);
        }
    }

    /// <summary>A file of a Debian package.</summary>
    public static string DebianFile(string path, string package)
    {
        Require(Path.Exists(path), $"{path} is missing: apt-get install {package}");
        return path;
    }
}
