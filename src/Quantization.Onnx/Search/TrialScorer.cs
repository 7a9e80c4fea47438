using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Scores models on the same samples, each beside the float model's outputs. Safe to use from several threads.</summary>
internal sealed class TrialScorer : IDisposable
{
    private readonly ReferenceOutputs _reference = new();
    private readonly string _modelPath;
    private readonly ISampleSource _samples;
    private readonly int _batchSize;
    private readonly Func<SessionOptions>? _sessionOptions;
    private readonly ModelProbe? _probe;
    private readonly List<int> _batches = [];
    private readonly string _model;
    private SpreadTrials? _workers;

    private TrialScorer(ModelFile file, ISampleSource samples, ModelMetric? metric, int batchSize, PtqOptions options)
    {
        _modelPath = file.Path;
        _model = file.Fingerprint.ToString();
        _samples = samples;
        _batchSize = batchSize;
        _sessionOptions = options.SessionOptionsFactory;
        _probe = options.Probe;
        Metric = metric!;
        FloatScore = null!;
        Fingerprint = null!;
    }

    public ModelMetric Metric { get; private set; }

    /// <summary>What the float model itself scores.</summary>
    public TrialScore FloatScore { get; private set; }

    public int Samples { get; private set; }

    public int Labelled { get; private set; }

    /// <summary>
    /// Tells on what models are scored: the float model, the samples and how they are joined, the metric's name and version, the versions
    /// of ONNX Runtime and of this library.
    /// </summary>
    public string Fingerprint { get; private set; }

    /// <summary>Runs the float model over the samples and keeps its outputs.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="samples">The scoring samples.</param>
    /// <param name="metric">What to rank by; null for accuracy where every sample has a label, else the SQNR of the outputs.</param>
    /// <param name="batchSize">How many samples to join in a run.</param>
    /// <param name="options">How sessions are opened, and whether models are tried in a child process first.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    public static TrialScorer Create(
        FloatModel model, ISampleSource samples, ModelMetric? metric, int batchSize, PtqOptions options,
        CancellationToken cancellationToken)
    {
        TrialScorer scorer = new(model.File, samples, metric, batchSize, options);
        try
        {
            scorer.KeepReference(model.Model, cancellationToken);
            scorer.FloatScore = scorer.Score(model.Model, false, cancellationToken);
            if (options.Place is { } place)
            {
                WorkVersions.ThrowIfOwnSessions(options.SessionOptionsFactory);
                scorer._workers = new SpreadTrials(place, model.File, model.Model, samples, scorer, batchSize, cancellationToken);
            }

            return scorer;
        }
        catch
        {
            scorer.Dispose();
            throw;
        }
    }

    /// <summary>The same for a worker, which does not need the float model's score.</summary>
    /// <param name="reference">The model whose outputs are the reference.</param>
    /// <param name="samples">The scoring samples.</param>
    /// <param name="metric">What to rank by.</param>
    /// <param name="batchSize">How many samples to join in a run.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    public static TrialScorer CreateForWorker(
        ModelFile reference, ISampleSource samples, ModelMetric metric, int batchSize, CancellationToken cancellationToken)
    {
        TrialScorer scorer = new(reference, samples, metric, batchSize, new PtqOptions());
        try
        {
            scorer.KeepReference(reference.Model, cancellationToken);
            return scorer;
        }
        catch
        {
            scorer.Dispose();
            throw;
        }
    }

    /// <summary>Runs a model over the samples and compares it with the float model.</summary>
    public TrialScore Score(TrialModel model, CancellationToken cancellationToken)
    {
        ModelProto written = model.Write();
        _probe?.Check(_modelPath, written, _samples.First(), cancellationToken);
        return _workers is { } workers ? workers.Score(written, model.Simulate, cancellationToken).ToScore(Metric)
            : Score(written, model.Simulate, cancellationToken);
    }

    /// <summary>How many models to score side by side, where this process alone would score <paramref name="most"/>.</summary>
    public int Parallelism(int most) => _workers?.Capacity ?? most;

    private TrialScore Score(ModelProto model, bool simulate, CancellationToken cancellationToken)
    {
        using InferenceSession session = Open(model, simulate);
        using FigureKeeper keeper = new(_modelPath, null, [Metric], keepsSamples: true);
        Run(session, keeper, cancellationToken);
        return new TrialScore(FigureKeeper.ThrowIfNaN(keeper.Finish()[0]), keeper.Figures) { Samples = keeper.Samples };
    }

    public void Dispose() => _reference.Dispose();

    private void KeepReference(ModelProto model, CancellationToken cancellationToken)
    {
        using IncrementalHash seen = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using (InferenceSession session = Open(model))
        using (FileStream file = _reference.Create())
        {
            foreach (IReadOnlyList<ModelSample> batch in SampleBatches.Batch(_samples, _batchSize, session.InputMetadata))
            {
                cancellationToken.ThrowIfCancellationRequested();
                using BoundSample bound = SampleBinder.Bind(batch, session.InputMetadata);
                using IDisposableReadOnlyCollection<OrtValue> outputs = RunSession(session, bound, batch[0].Name);
                foreach (OrtValue output in outputs.Where(FloatOutput.IsFloat))
                {
                    ReferenceOutputs.Write(file, output);
                }

                if (!outputs.Any(FloatOutput.IsFloat))
                {
                    throw new OnnxModelException(_modelPath, "the model has no output of floats to compare; quantize it without a search.");
                }

                foreach (ModelSample sample in batch)
                {
                    Hash(sample, seen);
                }

                Samples += batch.Count;
                Labelled += batch.Count(sample => sample.Label is not null);
                _batches.Add(batch.Count);
            }
        }

        if (Samples == 0)
        {
            throw new ArgumentException(
                "There is no sample to score with; give at least two samples, so that some calibrate and others score.");
        }

        Metric ??= Labelled == Samples ? ModelMetric.Top1 : ModelMetric.SignalToNoise;
        Fingerprint = $"{_model} {Convert.ToHexStringLower(seen.GetHashAndReset())} {_batchSize.ToString(CultureInfo.InvariantCulture)} "
            + $"{OrtEnv.Instance().GetVersionString()} {CalibrationOrigin.LibraryVersion} "
            + $"{Metric.Name}{(Metric.Version is null ? "" : $"\n{Metric.Version}")}";
    }

    private static void Hash(ModelSample sample, IncrementalHash hash)
    {
        hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{sample.Name}\n{sample.Label}\n")));
        foreach (SampleTensor input in sample.Inputs)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{input.Name} {input.ElementType} {SampleShape.Format(input.Shape)}\n"));
            hash.AppendData(input.Data);
        }
    }

    private InferenceSession Open(ModelProto model, bool simulate = false) =>
        ModelSession.Open(_modelPath, model, _sessionOptions, options =>
        {
            if (simulate)
            {
                options.AddSessionConfigEntry("session.disable_quant_qdq", "1");
            }

            if (_sessionOptions is null)
            {
                // Trials run side by side: more threads in each would only compete.
                options.IntraOpNumThreads = 1;
                options.InterOpNumThreads = 1;
            }
        });

    private void Run(InferenceSession session, FigureKeeper keeper, CancellationToken cancellationToken)
    {
        using FileStream file = _reference.Open();
        string[] names = [.. session.OutputNames];
        int number = 0;
        foreach (IReadOnlyList<ModelSample> batch in SampleBatches.Batch(_samples, _batchSize, session.InputMetadata))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (number >= _batches.Count || _batches[number++] != batch.Count)
            {
                throw new InvalidDataException("The scoring samples differ from one enumeration to the next; an ISampleSource has to give "
                    + "the same samples each time.");
            }

            using BoundSample bound = SampleBinder.Bind(batch, session.InputMetadata);
            using IDisposableReadOnlyCollection<OrtValue> outputs = RunSession(session, bound, batch[0].Name);
            IEnumerable<(OrtValue Value, string Name)> floats = outputs.Zip(names).Where(output => FloatOutput.IsFloat(output.First));
            keeper.Add(batch, [.. floats.Select(output => Compare(output.Name, output.Value, file))]);
        }
    }

    private ComparedOutput Compare(string name, OrtValue value, Stream references)
    {
        (long[] shape, float[] values) = ReferenceOutputs.Read(references);
        return new ComparedOutput(_modelPath, name, shape, new FloatOutput(values), new FloatOutput(value));
    }

    private IDisposableReadOnlyCollection<OrtValue> RunSession(InferenceSession session, BoundSample bound, string sampleName)
    {
        using RunOptions run = new();
        try
        {
            return session.Run(run, bound.Inputs, session.OutputNames);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException(
                $"{sampleName}: ONNX Runtime cannot run {_modelPath} on this sample: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }
}
