using System.Globalization;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Opens sessions of ONNX Runtime, and turns its complaints into one line that names the file and the node.</summary>
internal static partial class ModelSession
{
    /// <summary>Opens a session on a model in memory, however large.</summary>
    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="model">The model.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    /// <param name="configure">What this session needs beyond the user's options.</param>
    /// <param name="largestInMemory">
    /// Above this size ONNX Runtime gets the model by way of temporary files: it maps them, and it could not read more than 2 GB from one
    /// message.
    /// </param>
    /// <exception cref="OnnxModelException">ONNX Runtime refuses the model.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    public static InferenceSession Open(
        string modelPath, ModelProto model, Func<SessionOptions>? optionsFactory, Action<SessionOptions>? configure = null,
        long largestInMemory = ModelStore.LargestInMemory)
    {
        if (ModelStore.SizeOf(model) <= largestInMemory)
        {
            return Open(modelPath, model, model.ToByteArray(), optionsFactory, configure);
        }

        using OwnedFolder folder = OwnedFolder.CreateTemporary();
        return Open(modelPath, model, Split(modelPath, model, folder).Path, optionsFactory, configure);
    }

    /// <summary>Opens a session on the file of a large model, which ONNX Runtime reads itself.</summary>
    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="model">The model as messages should name its nodes.</param>
    /// <param name="path">The file.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    /// <param name="configure">What this session needs beyond the user's options.</param>
    /// <exception cref="OnnxModelException">ONNX Runtime refuses the model.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    public static InferenceSession Open(
        string modelPath, ModelProto model, string path, Func<SessionOptions>? optionsFactory, Action<SessionOptions>? configure = null)
    {
        // The session takes as much native memory as the model has weights. The collector knows nothing of that and would keep garbage
        // of the same size.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Open(modelPath, model, options => new InferenceSession(path, options), optionsFactory, configure);
    }

    /// <summary>Writes a model into a temporary folder for ONNX Runtime.</summary>
    /// <exception cref="IOException">The folder has no room for it.</exception>
    public static SplitModel Split(string modelPath, ModelProto model, OwnedFolder folder)
    {
        try
        {
            return SplitModel.Write(model, folder.FullName);
        }
        catch (IOException e)
        {
            string bytes = ModelStore.SizeOf(model).ToString(CultureInfo.InvariantCulture);
            throw OwnedFolder.CannotUseTemporaryPath($"cannot write {bytes} bytes of {modelPath} here for ONNX Runtime to map", e);
        }
    }

    /// <summary>Opens a session on a model's message.</summary>
    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="model">The model as messages should name its nodes.</param>
    /// <param name="content">The model as protobuf.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    /// <param name="configure">What this session needs beyond the user's options.</param>
    /// <exception cref="OnnxModelException">ONNX Runtime refuses the model.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    public static InferenceSession Open(
        string modelPath, ModelProto model, byte[] content, Func<SessionOptions>? optionsFactory,
        Action<SessionOptions>? configure = null) =>
        Open(modelPath, model, options => new InferenceSession(content, options), optionsFactory, configure);

    private static InferenceSession Open(
        string modelPath, ModelProto model, Func<SessionOptions, InferenceSession> open, Func<SessionOptions>? optionsFactory,
        Action<SessionOptions>? configure)
    {
        try
        {
            return OpenWith(null);
        }
        catch (OnnxRuntimeException e) when (e.Message.Contains("Attempt to replace the existing tensor", StringComparison.Ordinal))
        {
            // A fusion of two nodes with weights that they share fails where a model's own values are observed (seen with 1.31.1).
            return OpenWith(GraphOptimizationLevel.ORT_DISABLE_ALL);
        }
        catch (OnnxRuntimeException e)
        {
            throw Refused(modelPath, model, e);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException
            or TypeInitializationException { InnerException: DllNotFoundException or EntryPointNotFoundException })
        {
            throw new DllNotFoundException(
                "ONNX Runtime's native library was not found: add the package Microsoft.ML.OnnxRuntime, or another that brings it, such as "
                    + "Microsoft.ML.OnnxRuntime.Gpu, to the application.", e);
        }

        InferenceSession OpenWith(GraphOptimizationLevel? level)
        {
            using SessionOptions options = optionsFactory?.Invoke() ?? QuietOptions();
            configure?.Invoke(options);
            options.GraphOptimizationLevel = level ?? options.GraphOptimizationLevel;
            return open(options);
        }
    }

    /// <summary>Errors come back as exceptions, so that nothing needs to be printed as well.</summary>
    private static SessionOptions QuietOptions() => new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };

    private static OnnxModelException Refused(string modelPath, ModelProto model, OnnxRuntimeException e)
    {
        string message = SourceLocation().Replace(e.Message.ReplaceLineEndings(" "), "").Trim();
        foreach (NodeProto node in model.Graph.AllGraphs().SelectMany(graph => graph.Node))
        {
            bool unknown = message.Contains($"{node.Domain}:{node.OpType}(", StringComparison.Ordinal)
                && message.Contains("is not a registered function/op", StringComparison.Ordinal)
                || message.Contains($"No Op registered for {node.OpType} ", StringComparison.Ordinal)
                || message.Contains($"No opset import for domain '{node.Domain}'", StringComparison.Ordinal)
                || message.Contains($"Could not find an implementation for {node.OpType}(", StringComparison.Ordinal);
            if (unknown)
            {
                return new OnnxModelException(
                    modelPath,
                    $"node {node.Describe()} uses an operator that ONNX Runtime does not know; register the library that brings it in the "
                        + "session options, or export the model without it.",
                    node.Name,
                    e);
            }
        }

        return new OnnxModelException(modelPath, $"ONNX Runtime refuses the model: {message}", innerException: e);
    }

    /// <summary>ONNX Runtime puts its error code, and at times a place in its own source, before the message.</summary>
    [GeneratedRegex(@"^\[ErrorCode:\w+\] |/\S+\.(h|cc):\d+ .*?\) (?=[A-Z])")]
    private static partial Regex SourceLocation();
}
