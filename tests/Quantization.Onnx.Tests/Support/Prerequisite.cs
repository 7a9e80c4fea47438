namespace Quantization.Onnx.Tests;

/// <summary>
/// What tests need beyond the SDK. Where it is missing, a developer's run leaves the test out and says how to get it; a run of the gate
/// fails.
/// </summary>
internal static class Prerequisite
{
    private static readonly bool InGate = Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>Ends the test unless the condition holds.</summary>
    public static void Require(bool condition, string missingAndRemedy)
    {
        if (!condition)
        {
            Assert.SkipWhen(!InGate, missingAndRemedy);
            Assert.Fail(missingAndRemedy);
        }
    }

    /// <summary>A file of a Debian package.</summary>
    public static string DebianFile(string path, string package)
    {
        Require(Path.Exists(path), $"{path} is missing: apt-get install {package}");
        return path;
    }
}
