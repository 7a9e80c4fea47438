using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>Writes values of one sample after another into files, as <see cref="SpilledReader"/> reads them.</summary>
internal sealed class SpilledWriter : IDisposable
{
    private readonly string _modelPath;
    private readonly Dictionary<string, BinaryWriter> _files = [];

    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="files">The file of each value. It is made.</param>
    /// <exception cref="IOException">The temporary folder cannot be written to.</exception>
    public SpilledWriter(string modelPath, IReadOnlyDictionary<string, string> files)
    {
        _modelPath = modelPath;
        Guard(() =>
        {
            foreach ((string value, string path) in files)
            {
                _files[value] = new BinaryWriter(File.Create(path));
            }
        });
    }

    /// <summary>Writes the value of one sample: its type, its shape and its bytes.</summary>
    /// <exception cref="IOException">The temporary folder has no room for it.</exception>
    public void Write(string name, OrtValue value) => Guard(() =>
    {
        OrtTensorTypeAndShapeInfo type = value.GetTensorTypeAndShape();
        BinaryWriter writer = _files[name];
        writer.Write((int)type.ElementDataType);
        writer.Write(type.Shape.Length);
        Array.ForEach(type.Shape, writer.Write);
        writer.Write(value.GetTensorMutableRawData());
        writer.Flush(); // nothing is left that closing could fail to write
    });

    public void Dispose()
    {
        foreach (BinaryWriter writer in _files.Values)
        {
            writer.Dispose();
        }
    }

    private void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (IOException e)
        {
            throw OwnedFolder.CannotUseTemporaryPath($"cannot write activations of {_modelPath} here", e);
        }
    }
}
