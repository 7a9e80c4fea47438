namespace Quantization.Recipes;

/// <summary>One line of the results.</summary>
/// <param name="Name">What was measured, for example <c>QAT W4A4</c>.</param>
/// <param name="Method">FP32, PTQ, QAT or XNOR.</param>
/// <param name="WeightBits">Bits of the weights.</param>
/// <param name="ActivationBits">Bits of the activations.</param>
/// <param name="Seed">The seed of the training.</param>
/// <param name="Accuracy">Top-1 in percent on the 10,000 test images.</param>
/// <param name="Epochs">Epochs of training, 0 for PTQ.</param>
/// <param name="Seconds">What it took.</param>
/// <param name="Export">What ONNX Runtime makes of the exported model, or null.</param>
internal sealed record Measurement(
    string Name, string Method, int WeightBits, int ActivationBits, int Seed, double Accuracy, int Epochs, double Seconds,
    ExportCheck? Export = null);
