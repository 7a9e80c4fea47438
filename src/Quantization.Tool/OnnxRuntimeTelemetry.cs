using System.Runtime.InteropServices;

namespace Quantization.Tool;

/// <summary>
/// ONNX Runtime's official builds report their use to Microsoft by default. A tool that reads other people's models does not, unless they
/// ask for it.
/// </summary>
internal static partial class OnnxRuntimeTelemetry
{
    private const string Variable = "ORT_DISABLE_TELEMETRY";

    /// <summary>Turns telemetry off before ONNX Runtime is loaded; a value that the user has set stays.</summary>
    public static void Disable()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not null)
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Environment.SetEnvironmentVariable(Variable, "1");
        }
        else
        {
            // On Unix, .NET changes a copy of the environment that native code does not see.
            _ = SetEnv(Variable, "1", overwrite: 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetEnv(string name, string value, int overwrite);
}
