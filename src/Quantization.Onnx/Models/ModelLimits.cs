using System.Globalization;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>What a model may ask of ONNX Runtime. A file of a few kilobytes can otherwise keep it busy for hours.</summary>
internal static class ModelLimits
{
    /// <summary>
    /// The most outputs of a graph. ONNX Runtime looks through all of them for each node, in each of its passes, so its time grows with
    /// their square: opening a quantized model takes some 7 s at 2,000
    /// outputs and 25 s at 4,000, and a run opens it three times.
    /// </summary>
    public const int MostOutputs = 2048;

    /// <summary>Refuses a model beyond a limit.</summary>
    /// <exception cref="OnnxModelException">
    /// A graph has too many outputs, graphs are nested too deeply, a node has no output or too few inputs, or functions come to too many
    /// nodes.
    /// </exception>
    public static void ThrowIfExceeded(string path, ModelProto model)
    {
        if (model.AllGraphs().FirstOrDefault(graph => graph.Output.Count > MostOutputs) is { } graph)
        {
            throw new OnnxModelException(path, string.Create(
                CultureInfo.InvariantCulture,
                $"graph '{VisibleText.Short(graph.Name)}' has {graph.Output.Count} outputs, and {MostOutputs} are the "
                    + $"most that are accepted, "
                    + $"since ONNX Runtime's time grows with their square; export the model with fewer outputs."));
        }

        GraphDepth.ThrowIfExceeded(path, model);
        FunctionExpansion.ThrowIfTooManyNodes(path, model);
        NodeArity.ThrowIfTooSmall(path, model);
    }
}
