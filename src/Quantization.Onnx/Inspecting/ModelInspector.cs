using System.Globalization;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Shows in seconds, without samples, what a model is and what each way of quantizing would do to it. Writes nothing. Safe to use from
/// several threads.
/// </summary>
public static class ModelInspector
{
    /// <summary>Inspects a model.</summary>
    /// <param name="model">The model, float or quantized.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, or ONNX Runtime refuses it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ModelInspection Inspect(OnnxModel model, InspectionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= new InspectionOptions();
        cancellationToken.ThrowIfCancellationRequested();
        OnnxModel source = model is { Path: { } path, IsRead: false }
            ? OnnxModel.FromFileWithoutHash(path, options.LargestInMemory)
            : model;
        ModelFile file = source.File;
        ModelProto content = file.Model;
        HashSet<string> stored = [.. content.Graph.Initializer.Select(tensor => tensor.Name)];
        InspectedValue[] inputs = [.. content.Graph.Input.Where(input => !stored.Contains(input.Name)).Select(Describe)];
        InspectedValue[] outputs = [.. content.Graph.Output.Select(Describe)];
        IReadOnlyList<InspectedOperator> operators = OperatorCounts.Of(content);
        (SortedDictionary<string, int> encodings, bool isQuantized) = EncodingCounts.Of(content);
        Int8Inspection? onCodes = isQuantized && file.Bytes <= options.LargestInMemory
            ? Int8Inspection.Of(source.Name, content, options.SessionOptionsFactory, options.LargestInMemory)
            : null;
        return new ModelInspection
        {
            ModelPath = source.Name,
            Bytes = file.Bytes,
            Producer = $"{content.ProducerName} {content.ProducerVersion}".Trim(),
            IrVersion = content.IrVersion,
            Opsets = content.OpsetImport.GroupBy(each => Opset.IsOnnx(each.Domain) ? "ai.onnx" : each.Domain)
                .ToDictionary(each => each.Key, each => each.Max(set => set.Version)),
            Inputs = inputs,
            Outputs = outputs,
            Kind = ModelKindRules.Find(
                inputs, outputs, operators.Select(each => each.Operator[(each.Operator.LastIndexOf('.') + 1)..]).ToHashSet()),
            Parameters = operators.Sum(each => each.Parameters),
            Operators = operators,
            Encodings = encodings,
            IsQuantized = isQuantized,
            Int8Operators = onCodes?.Int8Operators,
            Unfused = onCodes?.Conversions.CountBy(conversion => conversion.Kind).ToDictionary(StringComparer.Ordinal),
            Ways = isQuantized ? [] : [.. new WayEstimator(source, options, cancellationToken).Estimate()],
        };
    }

    /// <summary>
    /// The plan of one way, to read or change before <see cref="PostTrainingQuantizer"/> carries it out.
    /// A plan of static int8 leaves ranges to a calibrator, so carrying it out needs a calibration. It has no refinements, which need
    /// samples.
    /// </summary>
    /// <param name="model">The float model.</param>
    /// <param name="way">The way.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read or is quantized already, or ONNX Runtime refuses it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="DllNotFoundException">No native ONNX Runtime was found.</exception>
    public static QuantizationPlan Plan(OnnxModel model, QuantizationWay way, InspectionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (!Enum.IsDefined(way))
        {
            throw new ArgumentOutOfRangeException(nameof(way), way, "This is no QuantizationWay; take one of its values.");
        }

        if (EncodingCounts.Of(model.File.Model).IsQuantized)
        {
            throw new OnnxModelException(
                model.Name, "the model is quantized already, so there is nothing to plan; plan for the float model.");
        }

        options ??= new InspectionOptions();
        IRecipe recipe = WayEstimator.RecipeOf(way, options.Runtime);
        FloatModel prepared = FloatModel.Load(model, recipe, options.SessionOptionsFactory, options.LargestInMemory);
        return recipe.Plan(prepared, null) with { ModelSha256 = prepared.File.Fingerprint.ToString() };
    }

    private static InspectedValue Describe(ValueInfoProto value)
    {
        TypeProto.Types.Tensor? tensor = value.Type?.TensorType;
        string type = tensor is not null && Enum.IsDefined((TensorProto.Types.DataType)tensor.ElemType)
            ? ((TensorProto.Types.DataType)tensor.ElemType).ToString().ToLowerInvariant()
            : "unknown";
        return new InspectedValue(value.Name, type, tensor?.Shape?.Dim.Select(LengthOf).ToArray());
    }

    private static string LengthOf(TensorShapeProto.Types.Dimension length) =>
        length.HasDimValue ? length.DimValue.ToString(CultureInfo.InvariantCulture) : length.DimParam.Length > 0 ? length.DimParam : "?";
}
