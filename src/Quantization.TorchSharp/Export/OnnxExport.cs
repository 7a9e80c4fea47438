using System.Collections.Immutable;
using Google.Protobuf;
using Quantization.Onnx;
using Quantization.Onnx.Protos;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>Writes modules as ONNX models.</summary>
public static class OnnxExport
{
    private const long FourBitOpset = 21, PlainOpset = 17, FourBitIr = 10, PlainIr = 8;

    /// <summary>
    /// Writes a module as an ONNX model with one input and one output whose first axis, the batch, is open. Quantized layers become
    /// QuantizeLinear–DequantizeLinear pairs and integer weights. Codes take a byte, int8 for weights and uint8 for activations, fewer than
    /// 8 bits of activations behind a Clip to their codes' range; weights of 4 bits as <see cref="OnnxExportOptions.FourBits"/> says.
    /// BatchNorms are folded where training folded them. Dropout is left out. The file appears whole or not at all.
    /// </summary>
    /// <param name="module">
    /// The module: usual layers, Sequential, quantized and XNOR layers, and what implements <see cref="IOnnxExportable"/>.
    /// </param>
    /// <param name="sampleShape">The shape of one sample, without the batch axis, for example 1, 28, 28.</param>
    /// <param name="path">The file to write; one that exists is replaced.</param>
    /// <param name="options">Float or quantized, and names; null for the defaults.</param>
    /// <exception cref="NotSupportedException">A module has no ONNX form that is known here.</exception>
    /// <exception cref="InvalidOperationException">A quantizer has no range yet.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void ExportOnnx(
        this torch.nn.Module<Tensor, Tensor> module, ReadOnlySpan<long> sampleShape, string path, OnnxExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentException.ThrowIfNullOrEmpty(path);
        using AtomicFile file = AtomicFile.Create(path);
        ModelProto model = Build(module, sampleShape, options ?? new OnnxExportOptions());
        file.Commit(model.WriteTo);
    }

    internal static ModelProto Build(torch.nn.Module<Tensor, Tensor> module, ReadOnlySpan<long> sampleShape, OnnxExportOptions options)
    {
        using IDisposable noGradient = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        long[] shape = sampleShape.ToArray();
        Lazy<ModuleTrace> trace = new(() => ModuleTrace.Record(module, shape, options.Tokens));
        try
        {
            return Build(module, shape, options, trace);
        }
        finally
        {
            if (trace.IsValueCreated)
            {
                trace.Value.Dispose();
            }
        }
    }

    private static ModelProto Build(
        torch.nn.Module<Tensor, Tensor> module, long[] shape, OnnxExportOptions options, Lazy<ModuleTrace> trace)
    {
        OnnxGraph graph = new(options, shape, trace);
        OnnxValue result = graph.Call(module, new OnnxValue(options.InputName, shape.Length + 1));
        graph.Finish(result);
        ValueInfoProto input = Describe(options.InputName, [null, .. shape.Select(length => (long?)length)]);
        input.Type.TensorType.ElemType = (int)(options.Tokens is null
            ? TensorProto.Types.DataType.Float
            : TensorProto.Types.DataType.Int64);
        graph.Proto.Input.Add(input);
        graph.Proto.Output.Add(Describe(options.OutputName, [null, .. new long?[result.Rank - 1]]));
        // From operator set 18 on the axes of a mean are an input.
        bool usesFourBits = graph.Plans.Any(plan => plan.Weights is { Format.Type: CodeType.Int4 });
        if (usesFourBits)
        {
            graph.GiveAxesAsInputs();
        }

        ModelProto model = new()
        {
            IrVersion = usesFourBits ? FourBitIr : PlainIr,
            ProducerName = typeof(OnnxExport).Namespace,
            ProducerVersion = typeof(OnnxExport).Assembly.GetName().Version!.ToString(),
            Graph = graph.Proto,
        };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = usesFourBits ? FourBitOpset : PlainOpset });
        if (graph.UsesRuntimeOperators)
        {
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = BlockProductLowering.Domain, Version = 1 });
        }

        ModelProto written = graph.Plans.Count == 0 ? model : Lower(model, [.. graph.Plans]);
        OnnxGraph.RemoveLastIdentity(written.Graph);
        return written;
    }

    /// <summary>Writes the codes of planned nodes, for any runtime: operators keep their form.</summary>
    private static ModelProto Lower(ModelProto model, ImmutableArray<NodePlan> plans)
    {
        HashSet<string> planned = [.. plans.Select(plan => plan.Result)];
        QuantizableGraph found = Int8Rules.Apply(new GraphIndex(model.Graph), Targets.AnyForm);
        QuantizableGraph analysis = new(
            found.Graph, found.Target, [.. found.Facts.Select(facts => facts.Candidate is null && planned.Contains(facts.Node.Output[0])
                ? facts with { Candidate = new QuantizableNode(facts.Node, NodeRole.DataMovement, [facts.Node.Input[0]], facts.Node) }
                : facts)]);
        return PlanLowering.Write(
            "the exported module", model, analysis, new QuantizationPlan("trained", found.Target.Name, [], plans), new WeightRanges());
    }

    private static ValueInfoProto Describe(string name, long?[] shape)
    {
        TypeProto.Types.Tensor type = new() { ElemType = (int)TensorProto.Types.DataType.Float, Shape = new TensorShapeProto() };
        for (int axis = 0; axis < shape.Length; axis++)
        {
            type.Shape.Dim.Add(shape[axis] is { } length
                ? new TensorShapeProto.Types.Dimension { DimValue = length }
                : new TensorShapeProto.Types.Dimension { DimParam = axis == 0 ? "N" : $"{name}_{axis}" });
        }

        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = type } };
    }
}
