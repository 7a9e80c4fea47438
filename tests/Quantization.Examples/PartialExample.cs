using Quantization.Onnx;

namespace Quantization.Examples;

internal static class PartialExample
{
    public static void Run()
    {
        PartialResult result = PartialQuantizer.Run(
            "model.onnx",
            new SampleFolder("samples", LabelFile.Read("labels.csv")),
            "model.partial.onnx",
            new PartialOptions { Target = PartialTarget.MaxLoss(0.005), TrialsPath = "trials.qtri" });
        Console.WriteLine(result.Reason);
        foreach (LayerChange change in result.Changes)
        {
            Console.WriteLine($"{change.Node}: {(change.IsFloat ? "float" : string.Join(", ", change.Steps))}. {change.Reason}");
        }

        // Another point of the curve, without running anything again.
        PartialPoint most = result.Curve.First(point => point.Score.Score >= result.FloatScore.Score);
        PostTrainingQuantizer.Quantize("model.onnx", most.Plan, "model.other.onnx");
    }
}
