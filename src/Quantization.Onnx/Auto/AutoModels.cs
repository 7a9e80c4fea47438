namespace Quantization.Onnx;

/// <summary>Quantizes one model in several ways, each with the defaults of its own entry point.</summary>
/// <param name="model">The float model.</param>
/// <param name="options">What all ways share.</param>
/// <param name="kept">Calibration samples to improve plans and to round weights by; empty for none.</param>
/// <param name="calibrate">Calibrates for static int8.</param>
/// <param name="cancellationToken">Stops the work.</param>
internal sealed class AutoModels(
    OnnxModel model, PtqOptions options, IReadOnlyList<ModelSample> kept, Func<FloatModel, ModelCalibration> calibrate,
    CancellationToken cancellationToken)
{
    private PtqOptions Untimed => options with { LatencyRuns = 0 };

    /// <summary>Writes the model of a way.</summary>
    /// <exception cref="OnnxModelException">The model cannot be quantized so.</exception>
    public PtqResult Write(QuantizationWay way, string path) => way switch
    {
        QuantizationWay.StaticInt8 => WriteStatic(path),
        QuantizationWay.DynamicInt8 => Shared(new DynamicOptions()).Quantize(model, SamplesOrNone, path, null, cancellationToken),
        QuantizationWay.WeightsInt8 => Shared(new WeightOnlyOptions()).Quantize(model, null, path, null, cancellationToken),
        QuantizationWay.WeightsInt4 => Shared(new WeightOnlyOptions { Bits = 4 }.WithMethod(kept.Count > 0))
            .Quantize(model, SamplesOrNone, path, null, cancellationToken),
        _ => WriteHalf(path),
    };

    private ISampleSource? SamplesOrNone => kept.Count == 0 ? null : SampleSource.FromEnumerable(kept);

    private PtqResult WriteStatic(string path)
    {
        SampleKeeper keeper = new(SampleSource.FromEnumerable(kept), options.RefiningSamples);
        return new RecipeRunner(Untimed, null, cancellationToken) { Samples = keeper }
            .Run(model, new StaticInt8Recipe(options), Observe, () => keeper.First, path);

        ModelCalibration Observe(FloatModel prepared)
        {
            int read = keeper.Count(); // bodies see each sample as it is read
            return prepared.Observations is null ? new ModelCalibration(prepared.File.Fingerprint, read, []) : calibrate(prepared);
        }
    }

    private PtqResult WriteHalf(string path)
    {
        HalfPrecisionOptions half = new()
        {
            LatencyRuns = 0,
            MaxFileBytes = options.MaxFileBytes,
            SessionOptionsFactory = options.SessionOptionsFactory,
            Probe = options.Probe,
        };
        return SamplesOrNone is { } samples
            ? HalfPrecisionConverter.Convert(model, samples, path, half, null, cancellationToken)
            : HalfPrecisionConverter.Convert(model, path, half, null, cancellationToken);
    }

    private T Shared<T>(T own)
        where T : DataFreeOptions => own with
        {
            LatencyRuns = 0,
            MaxFileBytes = options.MaxFileBytes,
            SessionOptionsFactory = options.SessionOptionsFactory,
            Probe = options.Probe,
        };
}
