using Quantization.Onnx;

namespace Quantization.Examples;

internal static class AutoExample
{
    public static void Run()
    {
        AutoResult result = AutoQuantizer.Run("model.onnx", new SampleFolder("samples"), "model.int8.onnx",
            new AutoOptions { Budget = new AutoBudget { MaxSizeRatio = 0.5 } });
        Console.WriteLine(result.Summary);
        foreach (AutoCandidate other in result.Candidates.Where(each => each != result.Chosen))
        {
            Console.WriteLine($"Not {other.Way}: {other.Reason}");
        }
    }
}
