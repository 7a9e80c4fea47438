using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The words of advice for users of the command line: options of the tool.</summary>
internal sealed class CommandLineWords : AdviceWords
{
    private CommandLineWords()
    {
    }

    /// <summary>The words.</summary>
    public static CommandLineWords Instance { get; } = new();

    /// <inheritdoc />
    public override string FloatNodes => "--float-node";

    /// <inheritdoc />
    public override string FullPrecisionNodes => "--float-node";

    /// <inheritdoc />
    public override string HalfSamples => "--data";

    /// <inheritdoc />
    public override string NodeNames => "--report";

    /// <inheritdoc />
    public override string OwnWeights => "the plan";

    /// <inheritdoc />
    public override string Conversions => "--verbose";

    /// <inheritdoc />
    public override string WeightsPerTensor => "--per-tensor";

    /// <inheritdoc />
    public override string WeightsPerChannel => "without --per-tensor";

    /// <inheritdoc />
    public override string Runtime => "--runtime";

    /// <inheritdoc />
    public override string PartialQuantization => $"'{ToolCommands.Name} {PartialCommand.Name}'";

    /// <inheritdoc />
    public override string MaxFloatLayers => "--max-float-layers";

    /// <inheritdoc />
    public override string MaxTrials => "--max-trials";

    /// <inheritdoc />
    public override string Target => "--max-loss, --reach";

    /// <inheritdoc />
    public override string Budget => $"{BudgetOptions.MaxLoss}, {BudgetOptions.MaxLatency}, {BudgetOptions.MaxBytes}";

    /// <inheritdoc />
    public override string SignalToNoise => $"--metric {SearchMetrics.SignalToNoise}";

    /// <inheritdoc />
    public override string FigureToReach => "--reach 30";

    /// <inheritdoc />
    public override string FiniteMetric => "--metric agreement";

    /// <inheritdoc />
    public override string IgnoreNonFinite =>
        $"leave such values out with {CalibrationRunOptions.IgnoreNonFinite}";

    /// <inheritdoc />
    public override string LayerComparison => "--report";

    /// <inheritdoc />
    public override string ModelComparison => $"'{ToolCommands.Name} {CompareCommand.Name}'";

    /// <inheritdoc />
    public override string Scoring => "--data";

    /// <inheritdoc />
    public override string Labels => "--labels";

    /// <inheritdoc />
    public override string ProbeTimeout => "try a faster machine";

    /// <inheritdoc />
    public override string ImageSamples => "give their folder to --data by itself";

    /// <inheritdoc />
    public override string ImageSize => "--image-size WxH";

    /// <inheritdoc />
    public override string ImageSizeOfModel => "take a model whose input has a size";

    /// <inheritdoc />
    public override string ImageStretch => "--resize stretch";

    /// <inheritdoc />
    public override string ImageMean => "--mean";

    /// <inheritdoc />
    public override string ImageDeviation => "--std";

    /// <inheritdoc />
    public override string WeightBits(long bits) => FormattableString.Invariant($"add --weight-bits {bits}");
}
