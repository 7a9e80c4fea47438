using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>
/// The float model's outputs for the scoring samples, kept in a temporary file: the float model runs once however many models are scored,
/// and memory does not grow with the samples.
/// </summary>
internal sealed class ReferenceOutputs : IDisposable
{
    private readonly OwnedFolder _folder = OwnedFolder.CreateTemporary();

    private string FilePath => _folder["reference-outputs"];

    /// <summary>Opens the file to write the outputs to, in order.</summary>
    public FileStream Create() => new(FilePath, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);

    /// <summary>Opens the file to read the outputs from, in the order of writing. Any number can read at the same time.</summary>
    public FileStream Open() => new(FilePath, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);

    /// <summary>
    /// Writes an output: the number of its axes and of its values (int32), the axes (int64), the values (float32), all in the machine's
    /// byte order.
    /// </summary>
    /// <exception cref="IOException">There is no room.</exception>
    public static void Write(Stream file, OrtValue output)
    {
        try
        {
            ReadOnlySpan<long> shape = output.GetTensorTypeAndShape().Shape;
            ReadOnlySpan<float> values = new FloatOutput(output).Values;
            file.Write(MemoryMarshal.AsBytes((ReadOnlySpan<int>)[shape.Length, values.Length]));
            file.Write(MemoryMarshal.AsBytes(shape));
            file.Write(MemoryMarshal.AsBytes(values));
        }
        catch (IOException e)
        {
            throw OwnedFolder.CannotUseTemporaryPath("cannot keep the float model's outputs here", e);
        }
    }

    /// <summary>Reads the next output.</summary>
    public static (long[] Shape, float[] Values) Read(Stream file)
    {
        Span<int> lengths = stackalloc int[2];
        file.ReadExactly(MemoryMarshal.AsBytes(lengths));
        long[] shape = new long[lengths[0]];
        float[] values = new float[lengths[1]];
        file.ReadExactly(MemoryMarshal.AsBytes(shape.AsSpan()));
        file.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return (shape, values);
    }

    public void Dispose() => _folder.Dispose();
}
