using Quantization.Onnx;

namespace Quantization.Examples;

internal static class TransformerExample
{
    public static void Run()
    {
        PtqResult accurate = WeightQuantizer.Quantize("model.onnx", "model.weights.onnx");
        PtqResult fast = DynamicQuantizer.Quantize("model.onnx", "model.dynamic.onnx");
        Console.WriteLine($"{accurate.OutputBytes} and {fast.OutputBytes} of {fast.ModelBytes} bytes");
    }
}
