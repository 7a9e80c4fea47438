namespace Quantization.TorchSharp;

/// <summary>How a module is written as ONNX.</summary>
public sealed record OnnxExportOptions
{
    /// <summary>
    /// Whether quantized layers are written with their codes (QDQ; the default), or as the float model they simulate, without quantization.
    /// </summary>
    public bool Quantized { get; init; } = true;

    /// <summary>How weights of 4 bits are written. The default is <see cref="FourBitStorage.Packed"/>.</summary>
    public FourBitStorage FourBits { get; init; }

    /// <summary>
    /// Where the model reads numbers of tokens (int64, as <c>Embedding</c> takes them): how many different ones there are. Null, the
    /// default, where it reads 32-bit floats.
    /// </summary>
    public int? Tokens { get; init; }

    /// <summary>The name of the model's input. The default is <c>input</c>.</summary>
    public string InputName { get; init; } = "input";

    /// <summary>The name of the model's output. The default is <c>output</c>.</summary>
    public string OutputName { get; init; } = "output";
}
