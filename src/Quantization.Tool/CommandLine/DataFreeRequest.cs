using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>What a command was asked for that quantizes without samples.</summary>
internal sealed record DataFreeRequest
{
    public required string ModelPath { get; init; }

    /// <summary>The samples to round weights by, and to measure on where there are no others, if any.</summary>
    public required DataRequest Data { get; init; }

    /// <summary>The folder of samples to measure on; null for those of <see cref="Data"/>.</summary>
    public string? EvaluationPath { get; init; }

    /// <summary>The samples to measure on, if any.</summary>
    public DataRequest Evaluation => EvaluationPath is null ? Data : Data with { FolderPath = EvaluationPath };

    /// <summary>The samples to round weights by, if any. Only samples to measure on have labels.</summary>
    public DataRequest Rounding =>
        EvaluationPath is null ? Data : Data with { LabelsPath = null, ClassesPath = null, FoldersAreClasses = false };

    public required string OutputPath { get; init; }

    public required DataFreeOptions Options { get; init; }

    public required int BatchSize { get; init; }

    public required int Threads { get; init; }

    public required ReportRequest Report { get; init; }

    /// <summary>The folder of ONNX Runtime GenAI that the model lies in; null where a model alone was named.</summary>
    public GenAiFolder? Folder { get; init; }

    /// <summary>Whether weights are rounded by samples.</summary>
    public bool IsRoundedBySamples => Options is WeightOnlyOptions { Method: not (null or WeightMethod.Nearest) };

    /// <summary>
    /// The most bytes of a model that is run as a whole on the samples that rounded its weights: running it takes as much memory, and the
    /// figures would flatter it.
    /// </summary>
    public long LargestMeasured { get; init; } = 1L << 31;

    /// <summary>Whether the plan may be refined on samples, if there are any.</summary>
    public bool CanImprove { get; init; }

    /// <summary>Whether samples do more than measure.</summary>
    public bool UsesSamples => IsRoundedBySamples || (CanImprove && Data.FolderPath is not null);

    /// <summary>Refuses arguments that make no sense together.</summary>
    /// <exception cref="UsageException">They do not.</exception>
    public void ThrowUnlessSensible()
    {
        Evaluation.ThrowUnlessSensible();
        if (IsRoundedBySamples && Data.FolderPath is null)
        {
            throw new UsageException("--method weighted, gptq, awq and awq+gptq need samples: give --data DIR too.");
        }

        if (EvaluationPath is not null && Data.FolderPath is not null && !IsRoundedBySamples)
        {
            throw new UsageException(
                "--evaluate names the samples to measure on, and nothing else needs those of --data: leave one of them out.");
        }

        OutputRules.ThrowUnlessSensible(ModelPath, OutputPath, Data, Report);
        OutputRules.ThrowUnlessSensible(ModelPath, OutputPath, Evaluation, Report);
    }
}
