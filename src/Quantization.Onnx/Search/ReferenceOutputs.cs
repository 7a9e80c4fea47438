using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>
/// The float model's outputs for the scoring samples, kept in a temporary file: the float model runs once however many models are scored, and memory does not grow with the samples.
/// </summary>
internal sealed class ReferenceOutputs : IDisposable
{
    private readonly OwnedFolder _folder = OwnedFolder.CreateTemporary();

    private string FilePath => _folder["reference-outputs"];

    /// <summary>Opens the file to write the outputs to, in order.</summary>
    public FileStream Create() => new(FilePath, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);

    /// <summary>Opens the file to read the outputs from, in the order of writing. Any number can read at the same time.</summary>
    public FileStream Open() => new(FilePath, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);

    /// <summary>Writes an output.</summary>
    /// <exception cref="IOException">There is no room.</exception>
    public static void Write(Stream file, OrtValue output)
    {
        try
        {
            file.Write(MemoryMarshal.AsBytes(new FloatOutput(output).Values));
        }
        catch (IOException e)
        {
            throw OwnedFolder.CannotUseTemporaryPath("cannot keep the float model's outputs here", e);
        }
    }

    /// <summary>Reads the reference of an output of so many values.</summary>
    public static float[] Read(Stream file, int length)
    {
        float[] values = new float[length];
        file.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    public void Dispose() => _folder.Dispose();
}
