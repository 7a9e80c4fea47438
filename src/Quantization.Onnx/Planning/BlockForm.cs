namespace Quantization.Onnx;

/// <summary>The operators that a model multiplies by weights in blocks with.</summary>
public enum BlockForm
{
    /// <summary>
    /// ONNX Runtime's own operators: MatMulNBits for matrices and GatherBlockQuantized for tables. They take 2, 4 and 8 bits, and ONNX
    /// Runtime GenAI loads them.
    /// </summary>
    MatMulNBits,

    /// <summary>
    /// DequantizeLinear in blocks before MatMul or Gemm, of ONNX's operator set 21. It takes 4 and 8 bits. ONNX Runtime joins both
    /// operators to MatMulNBits when it opens the model.
    /// </summary>
    DequantizeLinear,
}
