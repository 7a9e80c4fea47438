using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>A model that a search tried. Immutable.</summary>
/// <param name="Name">What was tried.</param>
/// <param name="ActivationCalibrator">The calibrator of activations.</param>
/// <param name="ActivationScheme">Affine or Symmetric.</param>
/// <param name="WeightCalibrator">The calibrator of weights.</param>
/// <param name="WeightGranularity">PerChannel or PerTensor.</param>
/// <param name="OwnCalibrators">The calibrators of single activations, by the activation.</param>
/// <param name="Score">The metric's figure.</param>
/// <param name="Top1">The share of labelled samples whose largest logit is the label's; null where no sample has a label.</param>
/// <param name="Agreement">
/// The share of rows of the logits whose largest value stands where the float model's does; null where there are no rows of classes.
/// </param>
/// <param name="SignalToNoise">The SQNR of the worst output in dB.</param>
/// <param name="Cosine">The cosine of the worst output.</param>
/// <param name="KullbackLeibler">The mean divergence of the class distributions in nats; null where there are no rows of classes.</param>
/// <param name="SameAs">The earlier trial that gave the very same model; null where there is none.</param>
/// <param name="IsBest">Whether it won.</param>
public sealed record ReportTrial(
    string Name,
    string ActivationCalibrator,
    QuantizationScheme ActivationScheme,
    string WeightCalibrator,
    GranularityKind WeightGranularity,
    IReadOnlyDictionary<string, string> OwnCalibrators,
    double Score,
    double? Top1,
    double? Agreement,
    double SignalToNoise,
    double Cosine,
    double? KullbackLeibler,
    string? SameAs,
    bool IsBest)
{
    /// <summary>The calibrators of single activations, by the activation.</summary>
    public IReadOnlyDictionary<string, string> OwnCalibrators
    {
        get;
        init => field = ValueDictionary<string, string>.Of(value, nameof(OwnCalibrators));
    } = ValueDictionary<string, string>.Of(OwnCalibrators, nameof(OwnCalibrators));
}
