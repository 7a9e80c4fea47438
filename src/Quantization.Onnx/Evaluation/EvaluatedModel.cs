using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>One model under evaluation: its session and the times of its runs so far.</summary>
internal sealed class EvaluatedModel : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly CancellationTokenRegistration _cancellation;
    private bool _isWarm;

    /// <summary>Opens a session on a model in memory.</summary>
    /// <param name="path">What messages call the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="fileSize">The bytes of its file.</param>
    /// <param name="optionsFactory">The session's options; null for one thread on the CPU.</param>
    /// <param name="cancellation">Ends a run.</param>
    public EvaluatedModel(
        string path, ModelProto model, long fileSize, Func<SessionOptions>? optionsFactory, CancellationToken cancellation)
        : this(path, fileSize, ModelSession.Open(path, model, optionsFactory, options => Configure(options, optionsFactory)), cancellation)
    {
    }

    private EvaluatedModel(string path, long fileSize, InferenceSession session, CancellationToken cancellation)
    {
        Path = path;
        FileSize = fileSize;
        _session = session;
        _cancellation = cancellation.Register(() => _runOptions.Terminate = true);
    }

    public string Path { get; }

    /// <summary>The bytes of the model's file.</summary>
    public long FileSize { get; }

    /// <summary>The times of the runs so far.</summary>
    public LatencyKeeper Latencies { get; } = new();

    public IReadOnlyDictionary<string, NodeMetadata> Inputs => _session.InputMetadata;

    public IReadOnlyList<string> OutputNames => _session.OutputNames;

    /// <summary>Reads a model's file and opens a session on it.</summary>
    public static EvaluatedModel Load(OnnxModel model, Func<SessionOptions>? optionsFactory, CancellationToken cancellation)
    {
        ModelFile file = model.File;
        string path = model.Name;
        if (file.IsSplit && file.MessageBytes <= ModelStore.LargestInMemory && file.Bytes > ModelStore.LargestInMemory)
        {
            try
            {
                // ONNX Runtime maps the data where it lies.
                InferenceSession session = ModelSession.Open(path, file.Model, path, optionsFactory, Configure);
                return new EvaluatedModel(path, file.Bytes, session, cancellation);
            }
            catch (OnnxModelException)
            {
                // It does not follow each link that is followed here; what else there is, it says below.
            }
        }

        return new EvaluatedModel(path, file.Model, file.Bytes, optionsFactory, cancellation);

        void Configure(SessionOptions options) => EvaluatedModel.Configure(options, optionsFactory);
    }

    /// <summary>Runs the model once without timing it, unless it ran before.</summary>
    /// <exception cref="OnnxModelException">ONNX Runtime cannot run the model on this input.</exception>
    public void WarmUp(BoundSample input, IReadOnlyList<string> outputs, string sampleName, CancellationToken cancellation)
    {
        if (!_isWarm)
        {
            Run(input, outputs, sampleName, cancellation).Dispose();
        }
    }

    /// <summary>Runs the model and times it; the first run is not timed, because it also allocates.</summary>
    /// <exception cref="OnnxModelException">ONNX Runtime cannot run the model on this input.</exception>
    public IDisposableReadOnlyCollection<OrtValue> Run(
        BoundSample input, IReadOnlyList<string> outputs, string sampleName, CancellationToken cancellation)
    {
        string[] names = [.. outputs];
        try
        {
            if (!_isWarm)
            {
                _session.Run(_runOptions, input.Inputs, names).Dispose();
                _isWarm = true;
            }

            long start = Stopwatch.GetTimestamp();
            IDisposableReadOnlyCollection<OrtValue> values = _session.Run(_runOptions, input.Inputs, names);
            Latencies.Add(Stopwatch.GetElapsedTime(start));
            return values;
        }
        catch (OnnxRuntimeException e)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new OnnxModelException(
                Path, $"ONNX Runtime cannot run the model on {sampleName}: {e.Message.ReplaceLineEndings(" ")}", innerException: e);
        }
    }

    public void Dispose()
    {
        _cancellation.Dispose();
        _runOptions.Dispose();
        _session.Dispose();
    }

    private static void Configure(SessionOptions options, Func<SessionOptions>? optionsFactory)
    {
        if (optionsFactory is null)
        {
            options.IntraOpNumThreads = 1;
            options.InterOpNumThreads = 1;
        }
    }
}
