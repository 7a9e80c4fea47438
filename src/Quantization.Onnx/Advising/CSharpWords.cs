using System.Globalization;

namespace Quantization.Onnx;

/// <summary>The words for C# programmers: members of this library.</summary>
internal sealed class CSharpWords : AdviceWords
{
    private CSharpWords()
    {
    }

    /// <summary>The words.</summary>
    public static CSharpWords Instance { get; } = new();

    /// <inheritdoc />
    public override string FloatNodes => "PtqOptions.FloatNodes";

    /// <inheritdoc />
    public override string FloatNodesOf(string options) => $"{options}.{nameof(PtqOptions.FloatNodes)}";

    /// <inheritdoc />
    public override string FullPrecisionNodes => "HalfPrecisionOptions.FloatNodes";

    /// <inheritdoc />
    public override string HalfSamples => "HalfPrecisionConverter.Convert";

    /// <inheritdoc />
    public override string NodeNames => "PtqResult.QuantizedNodes";

    /// <inheritdoc />
    public override string OwnWeights => "PtqOptions.OwnWeights";

    /// <inheritdoc />
    public override string Conversions => "PtqResult.ConversionReasons";

    /// <inheritdoc />
    public override string WeightsPerTensor => "PtqOptions.WeightGranularity";

    /// <inheritdoc />
    public override string WeightsPerChannel => "PtqOptions.WeightGranularity";

    /// <inheritdoc />
    public override string Runtime => "PtqOptions.Runtime";

    /// <inheritdoc />
    public override string PartialQuantization => "PartialQuantizer.Run";

    /// <inheritdoc />
    public override string MaxFloatLayers => "PartialOptions.MaxFloatLayers";

    /// <inheritdoc />
    public override string MaxTrials => "PartialOptions.MaxTrials";

    /// <inheritdoc />
    public override string Target => "PartialOptions.Target";

    /// <inheritdoc />
    public override string Budget => "AutoOptions.Budget";

    /// <inheritdoc />
    public override string SignalToNoise => "ModelMetric.SignalToNoise";

    /// <inheritdoc />
    public override string FigureToReach => "PartialTarget.Reach(30)";

    /// <inheritdoc />
    public override string FiniteMetric => "ModelMetric.Top1";

    /// <inheritdoc />
    public override string IgnoreNonFinite => "calibrate with CalibrationOptions.NonFinite = NonFiniteValues.Ignore";

    /// <inheritdoc />
    public override string LayerComparison => "LayerComparer.Compare";

    /// <inheritdoc />
    public override string ModelComparison => "ModelComparer.Compare";

    /// <inheritdoc />
    public override string Scoring => "ModelEvaluator.Evaluate";

    /// <inheritdoc />
    public override string Labels => "ModelSample.Label";

    /// <inheritdoc />
    public override string ProbeTimeout => "give the probe more time (ModelProbe.WithTimeout)";

    /// <inheritdoc />
    public override string ImageSamples => "ImageFolder of the package Quantization.Images makes samples of them";

    /// <inheritdoc />
    public override string ImageSize => "ImageOptions.Width and Height";

    /// <inheritdoc />
    public override string ImageSizeOfModel => "use ImageFolder.ForModel, which takes them from the model's input";

    /// <inheritdoc />
    public override string ImageStretch => "ImageFit.Stretch";

    /// <inheritdoc />
    public override string ImageMean => "ImageOptions.Mean";

    /// <inheritdoc />
    public override string ImageDeviation => "ImageOptions.StandardDeviation";

    /// <inheritdoc />
    public override string WeightBits(long bits) =>
        string.Create(CultureInfo.InvariantCulture, $"set PtqOptions.WeightFormat to CodeFormat.Signed({bits})");
}
