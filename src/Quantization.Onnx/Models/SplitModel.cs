using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A model in a folder of its own, with its large tensors in a file beside its message: ONNX Runtime maps that file.</summary>
internal sealed class SplitModel
{
    private const string Location = "model.data";

    private readonly Dictionary<(string Offset, string Length), ByteString> _tensors;

    private SplitModel(string path, Dictionary<(string Offset, string Length), ByteString> tensors)
    {
        Path = path;
        _tensors = tensors;
    }

    /// <summary>The path of the message.</summary>
    public string Path { get; }

    /// <summary>Writes a model.</summary>
    /// <exception cref="IOException">The folder has no room for it.</exception>
    public static SplitModel Write(ModelProto model, string folder)
    {
        using FileStream data = File.Create(System.IO.Path.Combine(folder, Location));
        ModelProto small = ModelStore.MoveTensors(model, Location, data);
        string path = System.IO.Path.Combine(folder, "model.onnx");
        using FileStream message = File.Create(path);
        small.WriteTo(message);
        Dictionary<(string Offset, string Length), ByteString> tensors = [];
        for (int i = 0; i < small.Graph.Initializer.Count; i++)
        {
            if (IsElsewhere(small.Graph.Initializer[i]))
            {
                tensors.Add(PlaceOf(small.Graph.Initializer[i]), model.Graph.Initializer[i].RawData);
            }
        }

        return new SplitModel(path, tensors);
    }

    /// <summary>Gives the tensors of a model that was made from this one their bytes back, where it only says where they are.</summary>
    public void BringBack(ModelProto made)
    {
        foreach (TensorProto tensor in made.AllTensors().Where(tensor => IsElsewhere(tensor) && ValueOf(tensor, "location") == Location))
        {
            if (_tensors.TryGetValue(PlaceOf(tensor), out ByteString? bytes))
            {
                ExternalData.PutBack(tensor, bytes);
            }
        }
    }

    private static bool IsElsewhere(TensorProto tensor) => tensor.DataLocation == TensorProto.Types.DataLocation.External;

    private static (string Offset, string Length) PlaceOf(TensorProto tensor) => (ValueOf(tensor, "offset"), ValueOf(tensor, "length"));

    private static string ValueOf(TensorProto tensor, string key) =>
        tensor.ExternalData.FirstOrDefault(entry => entry.Key == key)?.Value ?? "";
}
