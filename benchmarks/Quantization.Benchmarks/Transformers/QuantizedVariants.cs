using System.Diagnostics;
using Quantization.Onnx;

namespace Quantization.Benchmarks.Transformers;

/// <summary>A float model and the int8 models that the ways to quantize make of it.</summary>
internal static class QuantizedVariants
{
    /// <summary>Makes the models, the float one first, and prints how long each took.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="samples">The samples that calibrate and improve.</param>
    /// <param name="folder">Where the models are put.</param>
    public static (string Name, string Path)[] Make(string model, ISampleSource samples, OwnedFolder folder) =>
    [
        ("float", model),
        Make(
            folder["plain.onnx"],
            "`ptq --no-refine`",
            path => PostTrainingQuantizer.Quantize(model, samples, path, new PtqOptions { Refine = false, LatencyRuns = 0 })),
        Make(
            folder["static.onnx"],
            "`ptq`",
            path => PostTrainingQuantizer.Quantize(model, samples, path, new PtqOptions { LatencyRuns = 0 })),
        Make(folder["dynamic.onnx"], "`dynamic`", path => DynamicQuantizer.Quantize(model, path)),
        Make(
            folder["smooth.onnx"],
            "`dynamic --data`",
            path => DynamicQuantizer.Quantize(model, samples, path, new DynamicOptions { LatencyRuns = 0 })),
        Make(folder["weights.onnx"], "`weights`", path => WeightQuantizer.Quantize(model, path)),
    ];

    /// <summary>Makes a model that loses little more than int8 weights do, with as many layers on integers as that allows.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="calibration">The samples that calibrate.</param>
    /// <param name="scoring">The samples that judge.</param>
    /// <param name="folder">Where the models are put.</param>
    public static (string Name, string Path)[] MakePartial(
        string model, ISampleSource calibration, ISampleSource scoring, OwnedFolder folder)
    {
        const double MostLoss = 0.0008;
        Stopwatch watch = Stopwatch.StartNew();
        PartialResult result = PartialQuantizer.Run(model, calibration, scoring, folder["partial.onnx"], new PartialOptions
        {
            Target = PartialTarget.MaxLoss(MostLoss),
            Metric = ModelMetric.EmbeddingCosine(EmbeddingOutput.Find(model)!),
        });
        Console.WriteLine(FormattableString.Invariant(
            $"`partial`: {watch.Elapsed.TotalSeconds:0} s, {result.ModelsRun} models, {result.Written.Int8Share:P1} on integers, {result.Written.FloatLayers.Count} layers in float, {result.Written.WeightOnlyLayers.Count} with int8 weights alone, met: {result.IsTargetMet}"));
        return
        [
            ("float", model),
            Make(folder["weights.onnx"], "`weights`", path => WeightQuantizer.Quantize(model, path)),
            ("`partial`", result.Model.OutputPath)
        ];
    }

    private static (string Name, string Path) Make(string output, string name, Func<string, PtqResult> quantize)
    {
        Stopwatch watch = Stopwatch.StartNew();
        PtqResult result = quantize(output);
        string refined = result.Refinement is not { } refinement ? ""
            : FormattableString.Invariant(
                $", {refinement.ScaledInputs} inputs scaled, loss {refinement.LossBefore:0.0000} -> {refinement.LossAfter:0.0000}");
        string operators = string.Join(", ", result.Int8Operators.Select(each => $"{each.Value} {each.Key}"));
        Console.WriteLine(FormattableString.Invariant(
            $"{name}: {watch.Elapsed.TotalSeconds:0.0} s, {operators}, {result.Conversions} conversions left{refined}"));
        return (name, result.OutputPath);
    }
}
