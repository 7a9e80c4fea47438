namespace Quantization.Onnx;

/// <summary>A model that is being tried.</summary>
/// <param name="way">How it is quantized.</param>
/// <param name="path">Its file, which goes when the choice is made.</param>
internal sealed class AutoTrial(QuantizationWay way, string path)
{
    public QuantizationWay Way { get; } = way;

    public string Path { get; } = path;

    /// <summary>What became of its nodes; null where it could not be made.</summary>
    public PtqResult? Model { get; set; }

    public TrialScore? Score { get; set; }

    public LatencyComparison? Latency { get; set; }

    /// <summary>Why it cannot be used; null where it can.</summary>
    public string? Failure { get; private set; }

    /// <summary>Whether there is a quantized model that ran so far.</summary>
    public bool IsMade => Failure is null && Model is { QuantizedNodes.Count: > 0 };

    /// <summary>A figure so that larger is better.</summary>
    public static double Upwards(ModelMetric metric, double value) => metric.LargerIsBetter ? value : -value;

    /// <summary>Does work on the model. Where the model does not allow it, the other ways go on.</summary>
    public void Try(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is OnnxModelException || Advice.Of(e)?.Code == AdviceCode.NonFiniteActivation)
        {
            Failure = e.Message.Replace(Path, AutoAdvice.NameOf(Way), StringComparison.Ordinal).ReplaceLineEndings(" ");
        }
    }

    /// <summary>What the choice looks at.</summary>
    /// <param name="metric">What was scored by; null for nothing.</param>
    /// <param name="floatScore">The float model's figure, larger is better.</param>
    public AutoRow ToRow(ModelMetric? metric, double floatScore)
    {
        double score = Score is null ? double.NaN : Math.Min(Upwards(metric!, Score.Score), floatScore);
        double loss = double.IsInfinity(floatScore) ? double.NaN : Math.Max(0, floatScore - score);
        return new AutoRow(Way, score, loss, Latency!.Ratio, Model!.OutputBytes);
    }
}
