namespace Quantization.Onnx;

/// <summary>
/// What will run the quantized model. That decides where a QuantizeLinear–DequantizeLinear pair pays: one that the runtime cannot fuse
/// costs time.
/// </summary>
/// <remarks>
/// Models for ONNX Runtime's CPU are run and measured by this library's tests. Models for the others follow what their makers publish; they
/// are checked and run by ONNX Runtime, but never by the runtimes themselves.
/// </remarks>
public enum TargetRuntime
{
    /// <summary>ONNX Runtime on a processor. Only what it runs on integers is quantized, and written in the form that it fuses.</summary>
    OnnxRuntimeCpu,

    /// <summary>
    /// NVIDIA TensorRT. It compiles the whole graph, so ConvTranspose of every form, MatMul of two computed values, Sub and Resize of every
    /// mode become quantized too and keep their operators, and biases stay float. It takes no zero-points: activations are symmetric
    /// <see cref="CodeFormat.Int8"/> always.
    /// </summary>
    TensorRT,

    /// <summary>Intel OpenVINO. As many operators as for <see cref="TensorRT"/>, with zero-points.</summary>
    OpenVino,

    /// <summary>Qualcomm QNN. As many operators as for <see cref="TensorRT"/>, with zero-points.</summary>
    Qnn,
}
