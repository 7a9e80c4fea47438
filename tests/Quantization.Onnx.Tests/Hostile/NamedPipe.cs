using System.Diagnostics;

namespace Quantization.Onnx.Tests;

/// <summary>Named pipes that nobody writes to: opening one blocks for ever.</summary>
internal static class NamedPipe
{
    public static string Make(string path)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows keeps named pipes in a place of their own.");
        using Process process = Process.Start("mkfifo", [path]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return path;
    }
}
