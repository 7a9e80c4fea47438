using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>What <c>quantize auto</c> was asked for.</summary>
internal sealed record AutoRequest : TrialsRequest
{
    /// <summary>What the arguments say; see <see cref="Complete"/>.</summary>
    public required AutoOptions Options { get; init; }

    /// <summary>Whether there are samples.</summary>
    public bool HasSamples => Data.FolderPath is not null;

    /// <summary>The options with what is kept and where.</summary>
    public AutoOptions Complete() => !HasSamples ? Options : Options with
    {
        Metric = SearchMetrics.Find(Metric, ModelPath, Data),
        CalibrationPath = State.CalibrationPath,
        TrialsPath = State.TrialsPath,
    };

    /// <summary>
    /// The command to run where no model is within the budget: static int8 that loses too much can lose less with some layers in float.
    /// </summary>
    /// <returns>Null where there is none.</returns>
    public string? NextAfter(AutoResult result) =>
        result.Candidates.Any(each => each is { Way: QuantizationWay.StaticInt8, Verdict: AutoVerdict.LosesTooMuch })
            && Report.Invocation is { } run
            ? run.As(PartialCommand.Name, ["--state", BudgetOptions.MaxLatency], []) // partial counts latency otherwise
            : null;

    public override void ThrowUnlessSensible()
    {
        base.ThrowUnlessSensible();
        if (!HasSamples)
        {
            string? needing = Options.Budget.MaxLoss is not null ? BudgetOptions.MaxLoss
                : Metric != SearchMetrics.Default ? "--metric"
                : StatePath is not null ? "--state"
                : null;
            if (needing is not null)
            {
                throw new UsageException(
                    $"{needing} needs samples: give --data DIR too. Generated inputs show speed and size, not accuracy.");
            }

            return;
        }

        if (Options.Budget.MaxLoss is not null && Metric == SearchMetrics.SignalToNoise)
        {
            throw new UsageException(
                $"{BudgetOptions.MaxLoss} needs a metric that is finite for the float model, but its SQNR is infinite: give --labels "
                    + "labels.csv, or take --metric agreement or cosine.");
        }
    }

    /// <summary>Refuses a loss by a metric that has none, before anything runs.</summary>
    /// <exception cref="UsageException">The metric is the SQNR.</exception>
    public void ThrowUnlessLossIsKnown()
    {
        if (Options.Budget.MaxLoss is not null && Metric == SearchMetrics.Default && !Data.IsLabelled
            && EmbeddingOutput.Find(ModelPath) is null)
        {
            throw new UsageException(
                $"{BudgetOptions.MaxLoss} needs a metric that is finite for the float model, but without labels models are ranked by SQNR, "
                    + "which is infinite for it: give --labels labels.csv, or take --metric agreement, perplexity or cosine.");
        }
    }
}
