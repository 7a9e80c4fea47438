using Quantization.Onnx;

namespace Quantization.Examples;

internal static class ModelExample
{
    public static void Run()
    {
        PtqResult result = PostTrainingQuantizer.Quantize("model.onnx", new SampleFolder("samples"), "model.int8.onnx");
        Console.WriteLine($"{result.OutputBytes} of {result.ModelBytes} bytes");
    }
}
