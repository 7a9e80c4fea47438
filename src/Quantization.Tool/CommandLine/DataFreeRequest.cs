using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>What a command was asked for that quantizes without samples.</summary>
internal sealed record DataFreeRequest
{
    public required string ModelPath { get; init; }

    /// <summary>The samples to measure on, if any.</summary>
    public required DataRequest Data { get; init; }

    public required string OutputPath { get; init; }

    public required DataFreeOptions Options { get; init; }

    public required int BatchSize { get; init; }

    public required int Threads { get; init; }

    public required ReportRequest Report { get; init; }

    /// <summary>The folder of ONNX Runtime GenAI that the model lies in; null where a model alone was named.</summary>
    public GenAiFolder? Folder { get; init; }

    /// <summary>Whether weights are rounded by samples.</summary>
    public bool IsRoundedBySamples => Options is WeightOnlyOptions { Method: not (null or WeightMethod.Nearest) };

    /// <summary>Whether the plan may be improved by samples, where there are some.</summary>
    public bool CanImprove { get; init; }

    /// <summary>Whether samples do more than measure.</summary>
    public bool UsesSamples => IsRoundedBySamples || (CanImprove && Data.FolderPath is not null);

    /// <summary>Refuses arguments that make no sense together.</summary>
    /// <exception cref="UsageException">They do not.</exception>
    public void ThrowUnlessSensible()
    {
        Data.ThrowUnlessSensible();
        if (IsRoundedBySamples && Data.FolderPath is null)
        {
            throw new UsageException("--method weighted, gptq and awq need samples: give --data DIR too.");
        }

        OutputRules.ThrowUnlessSensible(ModelPath, OutputPath, Data, Report);
    }
}
