using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>What client and workers must have in common.</summary>
internal static class WorkVersions
{
    /// <summary>The versions of this process.</summary>
    public static string Current { get; } =
        $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}, Quantization.Onnx {CalibrationOrigin.LibraryVersion}";

    /// <summary>Refuses work of a client with other versions.</summary>
    /// <exception cref="IOException">They differ.</exception>
    public static void ThrowUnlessSame(string client)
    {
        if (client != Current)
        {
            throw new IOException(
                $"this worker runs {Current}, the client {client}, and results could differ; install the same versions on all machines.");
        }
    }

    /// <summary>Refuses session options, which are code of the client.</summary>
    /// <exception cref="ArgumentException">There are some.</exception>
    public static void ThrowIfOwnSessions(Func<SessionOptions>? factory)
    {
        if (factory is not null)
        {
            throw new ArgumentException("Options of sessions are code of this process, which workers do not have; leave "
                + "SessionOptionsFactory null, or run the work in this process.");
        }
    }
}
