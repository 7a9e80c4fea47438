namespace Quantization.Onnx;

/// <summary>Where a sample's values are read from, so that another machine can read them too.</summary>
/// <param name="Kind">How they are stored.</param>
/// <param name="Path">The file, or the folder of ONNX's tensors.</param>
/// <param name="MaxBytes">The most bytes that the values may take.</param>
internal sealed record SampleOrigin(SampleFileKind Kind, string Path, long MaxBytes);
