using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Compares changed models with the float model on a few samples. The loss of a sample is the mean over the outputs of
/// <c>min(1, Σ(ŷ − y)² / Σy²)</c>: noise in relation to signal, of which no single output can bring more than all of its signal. Safe to
/// use from several threads.
/// </summary>
internal sealed class FloatReference
{
    /// <summary>The kept outputs take no more memory than this, where four samples do not: logits of long texts are large.</summary>
    private const long MaxBytes = 128 << 20;

    private const int FewestSamples = 4;

    private readonly string _modelPath;
    private readonly Func<SessionOptions>? _sessionOptions;
    private readonly IReadOnlyList<ModelSample> _samples;
    private readonly float[][][] _outputs;

    /// <summary>The runs of each output of each sample that are not padding; null for an output that counts as a whole.</summary>
    private readonly (int Start, int Length)[]?[][] _runs;

    /// <param name="model">The float model.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="sessionOptions">The user's session options; null for the defaults.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <param name="padding">What to do with padding; null to leave it out of losses.</param>
    public FloatReference(
        FloatModel model, IReadOnlyList<ModelSample> samples, Func<SessionOptions>? sessionOptions, CancellationToken cancellationToken,
        PaddingOptions? padding = null)
    {
        _modelPath = model.File.Path;
        _sessionOptions = sessionOptions;
        using InferenceSession session = Open(model.Model);
        List<float[][]> kept = [];
        List<(int Start, int Length)[]?[]> runs = [];
        IReadOnlyDictionary<string, NodeMetadata> inputs = session.InputMetadata;
        using SamplePadding masked = new(model, session.OutputNames.ToHashSet(), padding ?? new PaddingOptions(), sessionOptions);
        long bytes = 0;
        foreach (ModelSample sample in samples.TakeWhile(_ => bytes <= MaxBytes || kept.Count < FewestSamples))
        {
            (float[][] outputs, (int Start, int Length)[]?[] real) = Run(
                session, inputs, sample, [], (bound, results) => Read(
                    session, results, masked.Find(sample, bound, inputs)), cancellationToken);
            kept.Add(outputs);
            runs.Add(real);
            bytes += kept[^1].Sum(output => sizeof(float) * (long)output.Length);
        }

        _outputs = [.. kept];
        _runs = [.. runs];
        _samples = [.. samples.Take(kept.Count)];
    }

    /// <summary>How many samples there are.</summary>
    public int Count => _samples.Count;

    /// <summary>Whether the model has an output that can be compared.</summary>
    public bool HasOutputs => _outputs is [{ Length: > 0 }, ..];

    /// <summary>Opens a session on a changed model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="simulate">Whether pairs are computed as they stand, without integer operators.</param>
    public InferenceSession Open(ModelProto model, bool simulate = false) =>
        ModelSession.Open(_modelPath, model, _sessionOptions, options =>
        {
            options.EnableCpuMemArena = false; // several sessions are open at once, each for a few runs
            if (simulate)
            {
                options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_BASIC;
                options.AddSessionConfigEntry("session.disable_quant_qdq", "1");
            }

            if (_sessionOptions is null)
            {
                // Models run side by side: more threads in each would only compete.
                options.IntraOpNumThreads = 1;
                options.InterOpNumThreads = 1;
            }
        });

    /// <summary>The loss of a changed model on each of the first samples.</summary>
    /// <param name="session">The model.</param>
    /// <param name="count">How many samples to run.</param>
    /// <param name="further">Values of inputs that the float model does not have.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    public double[] Losses(
        InferenceSession session, int count, IReadOnlyDictionary<string, OrtValue> further, CancellationToken cancellationToken)
    {
        Dictionary<string, NodeMetadata> inputs = new(session.InputMetadata.Where(input => !further.ContainsKey(input.Key)));
        double[] losses = new double[Math.Min(count, Count)];

        // Often fewer models are tried at once than there are processors.
        SideBySide.For(losses.Length, Measure, cancellationToken);
        return losses;

        void Measure(int i) => losses[i] = Run(
            session,
            inputs,
            _samples[i],
            further,
            (_, outputs) => Loss(_outputs[i], _runs[i], outputs.Where(FloatOutput.IsFloat)),
            cancellationToken);
    }

    /// <summary>The loss of a changed model on each of the first samples.</summary>
    public double[] Losses(ModelProto model, int count, CancellationToken cancellationToken)
    {
        using InferenceSession session = Open(model);
        return Losses(session, count, new Dictionary<string, OrtValue>(), cancellationToken);
    }

    private static T Run<T>(
        InferenceSession session,
        IReadOnlyDictionary<string, NodeMetadata> inputs,
        ModelSample sample,
        IEnumerable<KeyValuePair<string, OrtValue>> further,
        Func<BoundSample, IEnumerable<OrtValue>, T> read,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using BoundSample bound = SampleBinder.Bind(sample, inputs);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(
            run, new Dictionary<string, OrtValue>(bound.Inputs.Concat(further)), session.OutputNames);
        return read(bound, outputs);
    }

    /// <summary>The values of the outputs that can be compared, and which of them are not padding.</summary>
    private static (float[][] Values, (int Start, int Length)[]?[] Runs) Read(
        InferenceSession session, IEnumerable<OrtValue> results, PaddedSample? padded)
    {
        (string Name, OrtValue Value)[] outputs = [.. session.OutputNames.Zip(results).Where(each => FloatOutput.IsFloat(each.Second))];
        return ([.. outputs.Select(each => new FloatOutput(each.Value).Values.ToArray())],
            [.. outputs.Select(each => padded?.FindRuns(each.Name, each.Value.GetTensorTypeAndShape().Shape)?.ToArray())]);
    }

    private static double Loss(
        float[][] expected, (int Start, int Length)[]?[] runs, IEnumerable<OrtValue> actual) => expected.Zip(actual, runs).Select(each =>
    {
        (float[] reference, OrtValue output, (int Start, int Length)[]? real) = each;
        ReadOnlySpan<float> values = new FloatOutput(output).Values;
        if (values.Length != reference.Length)
        {
            return 1; // its length depends on the values, as after NonZero
        }

        SignalEnergies energies = default;
        foreach ((int start, int length) in real ?? [(0, values.Length)])
        {
            energies = energies.With(reference.AsSpan(start, length), values.Slice(start, length));
        }

        return SampleLoss.Of(energies);
    }).DefaultIfEmpty(0).Average();
}
