using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Quantization.TorchSharp.Tests.Support;

/// <summary>
/// Keeps oneDNN, which computes libtorch's convolutions, away from its AVX-512 code: in libtorch 2.10 the gradient of small convolutions' input is wrong there (conv2d of 4×8×6×6 with 8×8×3×3 differs from
/// conv_transpose2d by more than its values, and reads memory that it does not own). The variable is read when the library loads, and only the C library's environment reaches it.
/// </summary>
internal static partial class OneDnnInstructionSet
{
    [ModuleInitializer]
    internal static void Limit()
    {
        if (OperatingSystem.IsWindows())
        {
            Environment.SetEnvironmentVariable("ONEDNN_MAX_CPU_ISA", "AVX2");
        }
        else
        {
            _ = SetEnvironmentVariable("ONEDNN_MAX_CPU_ISA", "AVX2", 1);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironmentVariable(string name, string value, int overwrite);
}
