using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>Gathers what each sample scores, so that models can be compared sample by sample.</summary>
/// <param name="modelPath">What messages call the model.</param>
/// <param name="ranked">What the shares count; only <see cref="MetricKind.Top1"/> and <see cref="MetricKind.Agreement"/> count.</param>
internal sealed class SampleKeeping(string modelPath, MetricKind ranked)
{
    private readonly List<float> _levels = [], _shares = [];
    private bool _isWhole = true;

    /// <summary>The figures of the samples; none where the samples of a run cannot be told apart.</summary>
    public SampleFigures Figures => _isWhole ? new SampleFigures([.. _levels], [.. _shares]) : SampleFigures.None;

    /// <summary>Takes in the outputs of samples that were run together.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="outputs">Their outputs.</param>
    /// <param name="logits">The one that holds rows of classes; null where there is none.</param>
    public void Add(IReadOnlyList<ModelSample> samples, IReadOnlyList<ComparedOutput> outputs, ComparedOutput? logits)
    {
        _isWhole &= samples.Count == 1 || outputs.All(output => output.Shape is [long first, ..] && first == samples.Count);
        for (int i = 0; i < samples.Count && _isWhole && _levels.Count < SampleFigures.MostSamples; i++)
        {
            double loss = 0;
            foreach (ComparedOutput output in outputs)
            {
                OutputSlice slice = output.Slice(modelPath, i, samples.Count);
                loss += SampleLoss.Of(default(SignalEnergies).With(slice.Reference, slice.Values)) / outputs.Count;
            }

            _levels.Add((float)SampleLoss.LevelOf(loss));
            _shares.Add(logits is null ? float.NaN : ShareOf(samples[i], logits.Slice(modelPath, i, samples.Count)));
        }
    }

    private float ShareOf(ModelSample sample, OutputSlice logits)
    {
        int classes = ranked is MetricKind.Top1 or MetricKind.Agreement ? ClassRows.LengthOf(logits.Shape) : 0;
        int rows = classes == 0 ? 0 : logits.Values.Length / classes;
        if (rows == 0 || (ranked == MetricKind.Top1 && (rows > 1 || sample.Label is null)))
        {
            return float.NaN;
        }

        TokenRows? tokens = TokenRows.Find([sample], logits.Shape);
        int counted = 0, right = 0;
        for (int row = 0; row < rows; row++)
        {
            if (tokens?.Counts(row) != false)
            {
                int found = TensorPrimitives.IndexOfMax(logits.Values.Slice(row * classes, classes));
                counted++;
                right += found == (ranked == MetricKind.Top1
                    ? sample.Label
                    : TensorPrimitives.IndexOfMax(logits.Reference.Slice(row * classes, classes))) ? 1 : 0;
            }
        }

        return counted == 0 ? float.NaN : (float)right / counted;
    }
}
