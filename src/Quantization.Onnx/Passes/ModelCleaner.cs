using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Brings a model into the form that quantization works on: BatchNormalization folded into the Conv before it, constants as initializers,
/// identities and shape arithmetic gone. ONNX Runtime's basic optimizations do that within ONNX's own operators.
/// </summary>
internal static class ModelCleaner
{
    /// <summary>Initializers need not be inputs from this version of the file format on.</summary>
    private const long InitializersApart = 4;

    /// <summary>The cleaned model; the argument is not changed.</summary>
    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="original">The model.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    /// <param name="largestInMemory">
    /// A larger model goes to ONNX Runtime by way of files, and the weights that it leaves as they are stay the original's.
    /// </param>
    /// <exception cref="OnnxModelException">ONNX Runtime refuses the model, or it is quantized already.</exception>
    public static ModelProto Clean(
        string modelPath, ModelProto original, Func<SessionOptions>? optionsFactory, long largestInMemory = ModelStore.LargestInMemory)
    {
        ThrowIfQuantized(modelPath, original);
        ModelProto model = original.Clone();
        SeparateInitializers(model);
        if (HalfPrecision.Widen(model) is { } widened)
        {
            try
            {
                return Optimize(modelPath, widened, optionsFactory, largestInMemory);
            }
            catch (OnnxModelException)
            {
                // An operator knows 16-bit floats alone, or the model is damaged: as it is, it runs or says why not. Its optimized form
                // would compute each weight from 16 bits.
                OptimizedGraph.Of(modelPath, model, GraphOptimizationLevel.ORT_ENABLE_BASIC, optionsFactory, largestInMemory);
                return model;
            }
        }

        return Optimize(modelPath, model, optionsFactory, largestInMemory);
    }

    private static ModelProto Optimize(string modelPath, ModelProto model, Func<SessionOptions>? optionsFactory, long largestInMemory)
    {
        ModelProto whole = OptimizedGraph.Of(modelPath, model, GraphOptimizationLevel.ORT_ENABLE_BASIC, optionsFactory, largestInMemory);
        GraphProto optimized = whole.Graph;
        HashSet<string> domains = [.. model.OpsetImport.Select(import => import.Domain), "", "ai.onnx"];
        if (optimized.Node.All(node => domains.Contains(node.Domain)) && Branches.Restore(model.Graph, optimized))
        {
            NodeNames.Restore(model.Graph, optimized);
            Adopt(model, optimized);
        }

        return model;
    }

    /// <summary>Refuses a model that holds codes already.</summary>
    /// <exception cref="OnnxModelException">It does.</exception>
    public static void ThrowIfQuantized(string modelPath, ModelProto model)
    {
        NodeProto? quantized = model.AllNodes().FirstOrDefault(node =>
            node.OpType is "QuantizeLinear" or "DequantizeLinear" or "ConvInteger" or "MatMulInteger" or "DynamicQuantizeLinear"
                || node.OpType.StartsWith("QLinear", StringComparison.Ordinal));
        if (quantized is not null)
        {
            throw new OnnxModelException(
                modelPath, $"the model is quantized already, as node {quantized.Describe()} shows; give the float model.", quantized.Name);
        }
    }

    /// <summary>An initializer that is an input too could be replaced by the caller, which forbids to fold it.</summary>
    public static void SeparateInitializers(ModelProto model)
    {
        HashSet<string> initializers = [.. model.Graph.Initializer.Select(tensor => tensor.Name)];
        for (int i = model.Graph.Input.Count - 1; i >= 0; i--)
        {
            if (initializers.Contains(model.Graph.Input[i].Name))
            {
                model.Graph.Input.RemoveAt(i);
            }
        }

        model.IrVersion = Math.Max(model.IrVersion, InitializersApart);
    }

    /// <summary>
    /// Takes the nodes and weights alone: everything else that the model says about itself stays, as ONNX Runtime drops some of it.
    /// </summary>
    private static void Adopt(ModelProto model, GraphProto optimized)
    {
        GraphProto graph = model.Graph;
        graph.Node.Clear();
        graph.Node.Add(optimized.Node);
        Dictionary<string, TensorProto> originals = graph.Initializer.ToDictionary(tensor => tensor.Name);
        graph.Initializer.Clear();
        // ONNX Runtime's order varies
        foreach (TensorProto tensor in optimized.Initializer.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            // Most weights come back as they were; the model then need not be in memory twice.
            graph.Initializer.Add(
                originals.TryGetValue(tensor.Name, out TensorProto? original) && original.Equals(tensor) ? original : tensor);
        }

        graph.SparseInitializer.Clear();
        graph.SparseInitializer.Add(optimized.SparseInitializer);
        HashSet<string> values = [.. graph.Node.SelectMany(node => node.Output)];
        for (int i = graph.ValueInfo.Count - 1; i >= 0; i--)
        {
            if (!values.Contains(graph.ValueInfo[i].Name))
            {
                graph.ValueInfo.RemoveAt(i);
            }
        }
    }
}
