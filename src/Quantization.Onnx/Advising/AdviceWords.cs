namespace Quantization.Onnx;

/// <summary>How a kind of user names what helps. All kinds of users read the same sentences otherwise.</summary>
internal abstract class AdviceWords
{
    /// <summary>The option that leaves nodes in float.</summary>
    public abstract string FloatNodes { get; }

    /// <summary>The same of options of a type.</summary>
    public virtual string FloatNodesOf(string options) => FloatNodes;

    /// <summary>The option that leaves nodes in 32 bits where others get 16.</summary>
    public abstract string FullPrecisionNodes { get; }

    /// <summary>What takes samples for half precision.</summary>
    public abstract string HalfSamples { get; }

    /// <summary>Where the names of nodes are listed.</summary>
    public abstract string NodeNames { get; }

    /// <summary>The option that quantizes the weights of single nodes in their own way.</summary>
    public abstract string OwnWeights { get; }

    /// <summary>What lists the conversions that stay, with their reasons.</summary>
    public abstract string Conversions { get; }

    /// <summary>The option that gives weights one scale per tensor.</summary>
    public abstract string WeightsPerTensor { get; }

    /// <summary>The option that gives weights one scale per channel.</summary>
    public abstract string WeightsPerChannel { get; }

    /// <summary>The option that names the runtime.</summary>
    public abstract string Runtime { get; }

    /// <summary>What leaves in float only the layers that lose most.</summary>
    public abstract string PartialQuantization { get; }

    /// <summary>The option that limits the layers in float.</summary>
    public abstract string MaxFloatLayers { get; }

    /// <summary>The option that limits the trials.</summary>
    public abstract string MaxTrials { get; }

    /// <summary>The option that names the target.</summary>
    public abstract string Target { get; }

    /// <summary>What sets the budget of an automatic choice.</summary>
    public abstract string Budget { get; }

    /// <summary>The metric that any output of floats has.</summary>
    public abstract string SignalToNoise { get; }

    /// <summary>A figure to reach, as an example.</summary>
    public abstract string FigureToReach { get; }

    /// <summary>A metric that is never infinite, as an example.</summary>
    public abstract string FiniteMetric { get; }

    /// <summary>What calibrates without NaN and infinity.</summary>
    public abstract string IgnoreNonFinite { get; }

    /// <summary>What compares layers.</summary>
    public abstract string LayerComparison { get; }

    /// <summary>What compares two models.</summary>
    public abstract string ModelComparison { get; }

    /// <summary>What gives a model samples to be scored with.</summary>
    public abstract string Scoring { get; }

    /// <summary>What tells the classes of samples.</summary>
    public abstract string Labels { get; }

    /// <summary>How to give a model more time to run for the first time.</summary>
    public abstract string ProbeTimeout { get; }

    /// <summary>How to make samples of images.</summary>
    public abstract string ImageSamples { get; }

    /// <summary>The option that sets the size of images.</summary>
    public abstract string ImageSize { get; }

    /// <summary>What takes the size of images from the model.</summary>
    public abstract string ImageSizeOfModel { get; }

    /// <summary>The option that stretches images.</summary>
    public abstract string ImageStretch { get; }

    /// <summary>The option of the means.</summary>
    public abstract string ImageMean { get; }

    /// <summary>The option of the standard deviations.</summary>
    public abstract string ImageDeviation { get; }

    /// <summary>The option that sets the bits of weights.</summary>
    public abstract string WeightBits(long bits);

    /// <summary>An advice in words.</summary>
    public string Render(Advice advice) => Write(advice).ToString();

    /// <summary>An advice in words, what is and what to do apart.</summary>
    public AdviceText Write(Advice advice) =>
        SpeedAdvice.Write(advice, this)
        ?? HalfAdvice.Write(advice, this)
        ?? CalibrationAdvice.Write(advice, this)
        ?? TrialsAdvice.Write(advice, this)
        ?? TargetAdvice.Write(advice, this)
        ?? ModelAdvice.Write(advice, this)
        ?? ImageAdvice.Write(advice, this)
        ?? DataAdvice.Write(advice, this)
        ?? OutcomeAdvice.Write(advice, this)
        ?? NextAdvice.Write(advice, this)
        ?? AutoAdvice.Write(advice, this)
        ?? throw new ArgumentException($"There are no words for {advice.Code}.", nameof(advice));
}
