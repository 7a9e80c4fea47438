namespace Quantization.Onnx;

/// <summary>How the inputs of a sample are stored.</summary>
internal enum SampleFileKind
{
    /// <summary>A NumPy array.</summary>
    Npy,

    /// <summary>An archive of NumPy arrays.</summary>
    Npz,

    /// <summary>A folder of ONNX's tensors.</summary>
    Onnx,

    /// <summary>A file of <see cref="SamplePack"/>.</summary>
    Pack,
}
