using Quantization.Onnx;

namespace Quantization.Examples;

internal static class SensitivityExample
{
    public static void Run()
    {
        (ISampleSource calibration, ISampleSource scoring) = SampleSplit.Deal(new SampleFolder("samples"));
        ModelCalibration seen = ModelCalibrator.Calibrate("model.onnx", calibration);
        SensitivityResult result = SensitivityAnalyzer.Analyze("model.onnx", seen, scoring,
            new SensitivityOptions
            {
                Measures = [SensitivityMeasure.EstimatedNoise, SensitivityMeasure.OnlyThisLayer],
                Metric = ModelMetric.KullbackLeibler
            });
        foreach (RankedLayer layer in result.Rank(SensitivityMeasure.OnlyThisLayer, SensitivityCriterion.SignalToNoise).Layers.Take(5))
        {
            Console.WriteLine($"{layer.Node} {layer.Sensitivity:e1}");
        }
    }
}
