using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Quantization.TorchSharp.Tests.Support;

/// <summary>
/// What must be in the environment before libtorch loads; only the C library's own reaches it. Waiting threads must not spin, or tests take ten times as long on a busy machine. And it keeps oneDNN, which computes libtorch's convolutions, away from its AVX-512 code: in libtorch 2.10 the gradient of small convolutions' input is wrong there (conv2d of 4×8×6×6 with 8×8×3×3 differs from
/// conv_transpose2d by a tenth of its largest value and more, and is NaN at times).
/// </summary>
internal static partial class LibtorchEnvironment
{
    [ModuleInitializer]
    internal static void Set()
    {
        foreach ((string name, string value) in new[] { ("OMP_WAIT_POLICY", "passive"), ("ONEDNN_MAX_CPU_ISA", "AVX2") })
        {
            if (OperatingSystem.IsWindows())
            {
                Environment.SetEnvironmentVariable(name, value);
            }
            else
            {
                _ = SetEnvironmentVariable(name, value, 1);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironmentVariable(string name, string value, int overwrite);
}
