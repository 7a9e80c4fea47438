using System.Text;

namespace Quantization.Onnx.Tests.Golden;

/// <summary>The cases of a model.</summary>
internal static class GoldenCases
{
    private static readonly PtqOptions Cpu = new() { ActivationCalibrator = new MaxCalibrator(), LatencyRuns = 0 };
    private static readonly PtqOptions Compiler = Cpu with { Runtime = TargetRuntime.OpenVino };
    private static readonly PtqOptions TensorRT = AsSymmetricInt8(Compiler);

    /// <summary>The files that <see cref="PostTrainingQuantizer"/> writes with each option.</summary>
    public static IEnumerable<GoldenCase> OfOptions(GoldenSubject subject)
    {
        if (subject.FindCalibration(TargetRuntime.OnnxRuntimeCpu) is not null)
        {
            yield return Of("default", Cpu);
            yield return Of("int8, symmetric", AsSymmetricInt8(Cpu));
            yield return Of("4-bit weights per tensor by MSE", PerTensorByMse(Cpu) with { WeightFormat = CodeFormat.Signed(4) });
            yield return Later("float nodes", () => Cpu with { FloatNodes = EveryThirdWeighted(TargetRuntime.OnnxRuntimeCpu) });
            if (subject.HasAllOptions)
            {
                yield return Of("entropy", Cpu with { ActivationCalibrator = new EntropyCalibrator() });
                yield return Of("percentile", Cpu with { ActivationCalibrator = new PercentileCalibrator(99.9) });
                yield return Of("MSE", Cpu with { ActivationCalibrator = new MseCalibrator() });
                yield return Of("symmetric", Cpu with { ActivationScheme = QuantizationScheme.Symmetric });
                yield return Of("int8", Cpu with { ActivationFormat = CodeFormat.Int8 });
                yield return Of("entropy, int8, symmetric", AsSymmetricInt8(Cpu) with { ActivationCalibrator = new EntropyCalibrator() });
                yield return Of("weights per tensor", Cpu with { WeightGranularity = GranularityKind.PerTensor });
                yield return Of("weights by MSE", Cpu with { WeightCalibrator = new MseCalibrator() });
                yield return Of("weights by entropy", Cpu with { WeightCalibrator = new EntropyCalibrator() });
                yield return Of("4-bit weights", Cpu with { WeightFormat = CodeFormat.Signed(4) });
                yield return Of("7-bit weights", Cpu with { WeightFormat = CodeFormat.Signed(7) });
                yield return Later("own weights and calibrators", () => WithOwn(Cpu));
                yield return Of("split into two files", Cpu with { MaxFileBytes = 1 });
            }
        }

        if (subject.FindCalibration(TargetRuntime.OpenVino) is not null)
        {
            yield return Of("graph compiler", Compiler);
            yield return Of("TensorRT", TensorRT);
            if (subject.HasAllOptions)
            {
                yield return Of(
                    "graph compiler, MSE, symmetric",
                    Compiler with { ActivationCalibrator = new MseCalibrator(), ActivationScheme = QuantizationScheme.Symmetric });
                yield return Of("graph compiler, int8", Compiler with { ActivationFormat = CodeFormat.Int8 });
                yield return Later(
                    "graph compiler, float nodes", () => Compiler with { FloatNodes = EveryThirdWeighted(TargetRuntime.OpenVino) });
                yield return Later("TensorRT, own weights and calibrators", () => WithOwn(TensorRT));
                yield return Of("TensorRT, weights per tensor by MSE", PerTensorByMse(TensorRT));
            }
        }

        GoldenCase Of(string name, PtqOptions options) => Later(name, () => options);

        GoldenCase Later(string name, Func<PtqOptions> makeOptions) =>
            new(subject.Name, name, subject.IsQuick(name), () => Quantize(subject, makeOptions()));

        HashSet<string> EveryThirdWeighted(TargetRuntime runtime) => [.. GoldenSubject.EveryThird(subject.Weighted(runtime))];

        PtqOptions WithOwn(PtqOptions options) => options with
        {
            OwnWeights = GoldenSubject.EveryThird(subject.Weighted(options.Runtime)).Index().ToDictionary(
                each => each.Item,
                each => each.Index % 2 == 0
                    ? new WeightOptions { Granularity = GranularityKind.PerTensor }
                    : new WeightOptions { Calibrator = new MseCalibrator() }),
            OwnCalibrators = GoldenSubject.EveryThird(subject.Calibration(options.Runtime).Activations.Keys)
                .ToDictionary(name => name, ICalibrator (_) => new PercentileCalibrator(99)),
        };
    }

    /// <summary>The models of a search's default combinations.</summary>
    public static IEnumerable<GoldenCase> OfSearch(GoldenSubject subject)
    {
        foreach ((string name, TargetRuntime runtime, SearchOptions options) in ((string, TargetRuntime, SearchOptions)[])
            [
                ("search", TargetRuntime.OnnxRuntimeCpu, new SearchOptions { Baseline = Cpu }),
                (
                    "search for TensorRT",
                    TargetRuntime.OpenVino,
                    new SearchOptions { Baseline = TensorRT, ActivationSchemes = [QuantizationScheme.Symmetric] }),
            ])
        {
            GoldenModels models = Load(subject, runtime);
            foreach ((string combination, Func<byte[]> write) in models.OfSearch(options))
            {
                yield return Of(subject, $"{name}: {combination}", write);
            }
        }
    }

    /// <summary>Models of partial quantizations: some layers in float, others with steps.</summary>
    public static IEnumerable<GoldenCase> OfPartial(GoldenSubject subject)
    {
        GoldenModels models = Load(subject, TargetRuntime.OnnxRuntimeCpu);
        string[] layers = subject.Weighted(TargetRuntime.OnnxRuntimeCpu), thirds = GoldenSubject.EveryThird(layers);
        LayerStep weights = LayerStep.WeightsBy(new MseCalibrator()), activations = LayerStep.ActivationsBy(new PercentileCalibrator(99.9));
        LayerStep[] all = [LayerStep.PerChannelWeights, weights, activations];
        foreach ((string baselineName, PtqOptions baseline) in ((string, PtqOptions)[])
            [
                ("", Cpu),
                (", per tensor", Cpu with { WeightGranularity = GranularityKind.PerTensor }),
                (", own", Cpu with
                {
                    FloatNodes = new HashSet<string> { layers[1] },
                    OwnWeights = new Dictionary<string, WeightOptions> { [layers[0]] = new() { Granularity = GranularityKind.PerTensor } },
                }),
            ])
        {
            yield return Of(subject, $"partial{baselineName}: first in float", models.OfPartial(baseline, layers[..1], []));
            yield return Of(subject, $"partial{baselineName}: every third in float", models.OfPartial(baseline, thirds, []));
            yield return Of(subject, $"partial{baselineName}: all but the last in float", models.OfPartial(baseline, layers[..^1], []));
            yield return Of(subject, $"partial{baselineName}: all in float", models.OfPartial(baseline, layers, []));
            yield return Of(subject, $"partial{baselineName}: channels", Steps(thirds, LayerStep.PerChannelWeights));
            yield return Of(subject, $"partial{baselineName}: weights", Steps(thirds, weights));
            yield return Of(subject, $"partial{baselineName}: activations", Steps(thirds, activations));
            yield return Of(
                subject,
                $"partial{baselineName}: first three in float, steps for all",
                models.OfPartial(baseline, layers[..3], layers.Select(layer => (layer, all))));

            Func<byte[]> Steps(string[] taking, params LayerStep[] steps) =>
                models.OfPartial(baseline, [], taking.Select(layer => (layer, steps)));
        }
    }

    /// <summary>The models that tell how sensitive each layer is.</summary>
    public static IEnumerable<GoldenCase> OfSensitivity(GoldenSubject subject)
    {
        GoldenModels models = Load(subject, TargetRuntime.OnnxRuntimeCpu);
        return
            from measure in Enum.GetValues<SensitivityMeasure>().Where(measure => measure != SensitivityMeasure.EstimatedNoise)
            from each in models.OfSensitivity(measure, Cpu)
            select Of(subject, $"{measure}: {each.Layer}", each.Write);
    }

    private static PtqOptions AsSymmetricInt8(PtqOptions options) =>
        options with { ActivationFormat = CodeFormat.Int8, ActivationScheme = QuantizationScheme.Symmetric };

    private static PtqOptions PerTensorByMse(PtqOptions options) =>
        options with { WeightGranularity = GranularityKind.PerTensor, WeightCalibrator = new MseCalibrator() };

    private static GoldenModels Load(GoldenSubject subject, TargetRuntime runtime) =>
        GoldenModels.Load(subject.Path, subject.Calibration(runtime), runtime);

    private static GoldenCase Of(GoldenSubject subject, string name, Func<byte[]> write) =>
        new(subject.Name, name, subject.IsQuick(name), write);

    /// <summary>Every file that is written, one after the other, each behind its name.</summary>
    private static byte[] Quantize(GoldenSubject subject, PtqOptions options)
    {
        using TemporaryFolder folder = new();
        PostTrainingQuantizer.Quantize(subject.Path, subject.Calibration(options.Runtime), folder.PathTo("out.onnx"), options);
        string[] names = folder.Entries;
        return names.Length == 1
            ? File.ReadAllBytes(folder.PathTo(names[0]))
            : [.. names.SelectMany(name => Encoding.UTF8.GetBytes(name).Concat(File.ReadAllBytes(folder.PathTo(name))))];
    }
}
