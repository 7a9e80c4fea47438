using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Quantization.TorchSharp.Tests.Support;

/// <summary>
/// What must be in the environment before libtorch loads; only the C library's own reaches it. Waiting threads must not spin, or tests take
/// ten times as long on a busy machine. And oneDNN, which computes libtorch 2.10's convolutions, gives wrong gradients of the input where
/// channels do not fill its blocks: sixteen with AVX-512, eight with AVX2. Tests keep to the smaller blocks and to channels that fill them.
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
