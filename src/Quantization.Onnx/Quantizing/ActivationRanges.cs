using System.Collections.Concurrent;

namespace Quantization.Onnx;

/// <summary>
/// Chooses the ranges of plans' activations from what was observed, each once however many plans are tried. Safe to use from several
/// threads.
/// </summary>
/// <param name="modelPath">What messages call the model.</param>
/// <param name="calibration">What was observed.</param>
/// <param name="earlier">
/// Ranges that were chosen from other observations; those of statistics that are the same are taken over. Null for none.
/// </param>
internal sealed class ActivationRanges(string modelPath, ModelCalibration calibration, ActivationRanges? earlier = null)
{
    private readonly ModelCalibration _calibration = calibration;
    private readonly ConcurrentDictionary<TensorEncoding, (CalibrationResult Result, TensorEncoding Resolved)> _chosen = [];

    /// <summary>
    /// The range of each activation that becomes codes, by name, in the plan's order; a value that was only moved has the range of the
    /// value moved.
    /// </summary>
    /// <exception cref="OnnxModelException">The calibration does not know one of the activations.</exception>
    public Dictionary<string, CalibrationResult> Choose(QuantizationPlan plan) =>
        plan.Activations.Where(each => each.Encoding.Range is ObservedRange)
            .ToDictionary(each => each.Value, each => Choose(each.Encoding).Result);

    /// <summary>The plan with the parameters of each activation in the place of the rule that finds them.</summary>
    /// <exception cref="OnnxModelException">The calibration does not know one of the activations.</exception>
    public QuantizationPlan Resolve(QuantizationPlan plan)
    {
        // Searching a range takes time, and one does not depend on another.
        TensorEncoding[] open = [.. plan.Activations.Select(each => each.Encoding)
            .Where(encoding => encoding.Range is ObservedRange && !_chosen.ContainsKey(encoding)).Distinct()];
        if (open.Length > 1)
        {
            SideBySide.For(open.Length, i => Choose(open[i]), CancellationToken.None);
        }

        return plan with
        {
            Nodes =
            [
                .. plan.Nodes.Select(node => node.WithActivations(
                    each => each.Encoding.Range is ObservedRange ? Choose(each.Encoding).Resolved : each.Encoding)),
            ],
        };
    }

    private (CalibrationResult Result, TensorEncoding Resolved) Choose(TensorEncoding encoding) => _chosen.GetOrAdd(encoding, each =>
    {
        CalibrationResult result = earlier is not null && earlier.Observed(each) == Observed(each)
            ? earlier.Choose(each).Result
            : Find(each);
        return (result, each.WithParameters(result.Range));
    });

    private TensorStatistics? Observed(TensorEncoding encoding) =>
        _calibration.Activations.GetValueOrDefault(((ObservedRange)encoding.Range).Source);

    private CalibrationResult Find(TensorEncoding encoding)
    {
        ObservedRange rule = (ObservedRange)encoding.Range;
        TensorStatistics statistics = Observed(encoding)
            ?? throw OnnxModelException.With(modelPath, CalibrationAdvice.Lacks(modelPath, rule.Source));
        CalibrationResult chosen = Choose(statistics, rule.Calibrator, encoding);
        return rule.Effective is { } effective
            ? chosen with { Range = effective.Cut(chosen.Range, encoding.Scheme, 1L << encoding.Format.StorageBits) }
            : chosen;
    }

    private static CalibrationResult Choose(TensorStatistics statistics, ICalibrator calibrator, TensorEncoding encoding)
    {
        if (encoding.Scheme == QuantizationScheme.Affine)
        {
            return calibrator.Calibrate(statistics, encoding.Format, QuantizationScheme.Affine);
        }

        // Codes without sign have their zero-point in the middle, so a symmetric range is chosen as for codes with sign; values that are
        // never negative need no such half.
        CodeFormat format = statistics.Min < 0 || encoding.IsCentred ? CodeFormat.Int8 : CodeFormat.UInt8;
        return calibrator.Calibrate(statistics, format, QuantizationScheme.Symmetric);
    }
}
