using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>How <see cref="ModelInspector"/> looks at a model. Immutable.</summary>
public sealed record InspectionOptions
{
    /// <summary>What static int8 is planned for. The other ways are for ONNX Runtime on a processor.</summary>
    public TargetRuntime Runtime { get; init; } = new PtqOptions().Runtime;

    /// <inheritdoc cref="PtqOptions.SessionOptionsFactory"/>
    public Func<SessionOptions>? SessionOptionsFactory { get; init; }

    /// <summary>Larger models are judged from their graph alone: no session opens, and no weight is read.</summary>
    internal long LargestInMemory { get; init; } = ModelStore.LargestRead;
}
