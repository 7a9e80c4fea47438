using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>How a model is calibrated. Immutable.</summary>
public sealed record CalibrationOptions
{
    /// <summary>The bins of each sign in the statistics of an activation; see <see cref="TensorStatistics.BinsPerSign"/>. The default is 4,096.</summary>
    public int BinsPerSign { get; init; } = TensorStatistics.DefaultBinsPerSign;

    /// <summary>What to do where the model computes NaN or infinity in float. The default is an error. Samples that hold them are always an error.</summary>
    public NonFiniteValues NonFinite { get; init; } = NonFiniteValues.Throw;

    /// <summary>Makes the options of each session that ONNX Runtime opens; see <see cref="PtqOptions.SessionOptionsFactory"/>.</summary>
    public Func<SessionOptions>? SessionOptionsFactory { get; init; }
}
