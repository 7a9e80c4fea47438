namespace Quantization.Onnx;

/// <summary>What will run the quantized model, which decides where a QuantizeLinear–DequantizeLinear pair pays: one that the runtime cannot fuse costs time.</summary>
public enum TargetRuntime
{
    /// <summary>ONNX Runtime on a processor. Only what it runs on integers is quantized, and written in the form that it fuses.</summary>
    OnnxRuntimeCpu,

    /// <summary>
    /// A runtime that compiles the whole graph by rules of its own, such as TensorRT, OpenVINO or QNN. ConvTranspose of every form, MatMul of two computed values, Sub and Resize of every mode become quantized too and
    /// keep their operators, and biases stay float. For TensorRT, which takes no zero-points, give <see cref="CodeFormat.Int8"/> and <see cref="QuantizationScheme.Symmetric"/> for activations as well.
    /// </summary>
    GraphCompiler,
}
