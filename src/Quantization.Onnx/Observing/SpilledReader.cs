using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>Reads values of one sample after another from the files that <see cref="SpilledWriter"/> wrote.</summary>
internal sealed class SpilledReader : IDisposable
{
    private readonly string _modelPath;
    private readonly Dictionary<string, BinaryReader> _files = [];

    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="files">The file of each value.</param>
    public SpilledReader(string modelPath, IReadOnlyDictionary<string, string> files)
    {
        _modelPath = modelPath;
        foreach ((string value, string path) in files)
        {
            _files[value] = new BinaryReader(RegularFile.OpenRead(path));
        }
    }

    /// <summary>Reads the values of the next sample.</summary>
    /// <param name="sampleName">What messages call the sample.</param>
    /// <exception cref="InvalidDataException">There were fewer samples before.</exception>
    public BoundSample Read(string sampleName)
    {
        Dictionary<string, OrtValue> values = [];
        BoundSample sample = new(values);
        try
        {
            foreach ((string name, BinaryReader file) in _files)
            {
                values[name] = Read(file);
            }

            return sample;
        }
        catch (EndOfStreamException e)
        {
            sample.Dispose();
            throw new InvalidDataException(
                $"{sampleName}: there were fewer samples before, when the first layers of {_modelPath} ran; leave the samples as they are "
                + "until the run has ended.", e);
        }
    }

    public void Dispose()
    {
        foreach (BinaryReader reader in _files.Values)
        {
            reader.Dispose();
        }
    }

    private static OrtValue Read(BinaryReader reader)
    {
        TensorElementType type = (TensorElementType)reader.ReadInt32();
        long[] shape = new long[reader.ReadInt32()];
        for (int i = 0; i < shape.Length; i++)
        {
            shape[i] = reader.ReadInt64();
        }

        OrtValue value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, shape);
        reader.BaseStream.ReadExactly(value.GetTensorMutableRawData());
        return value;
    }
}
