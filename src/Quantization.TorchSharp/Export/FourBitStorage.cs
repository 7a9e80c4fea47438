namespace Quantization.TorchSharp;

/// <summary>How weights of 4 bits are written.</summary>
public enum FourBitStorage
{
    /// <summary>
    /// As ONNX's int4, two codes per byte: the smallest file. Needs a runtime for opset 21; ONNX Runtime computes such layers in float.
    /// </summary>
    Packed,

    /// <summary>In a byte, as those of 2 and 3 bits: integer kernels can take them.</summary>
    Bytes,
}
