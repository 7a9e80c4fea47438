using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// A model whose inputs of layers were scaled for AWQ, where that costs nothing: weights take the scale, and what makes the inputs gives it
/// back.
/// </summary>
/// <param name="Model">The model, with constants that give scales back.</param>
/// <param name="Factors">What weights are multiplied by, by the result of their node.</param>
internal sealed record AwqFolding(FloatModel Model, IReadOnlyDictionary<string, WeightFactors> Factors)
{
    /// <summary>Finds the scales and folds them.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="grams">What samples say of the inputs of matrices.</param>
    /// <param name="values">The values that attention makes of products, whose weights can take scales.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public static AwqFolding Make(
        FloatModel model, QuantizationPlan plan, GramSource grams, IReadOnlyList<ScaleFold> values, CancellationToken cancellationToken)
    {
        Dictionary<string, WeightFactors> factors = [];
        ModelProto folded = model.Model.Clone();
        NameAllocator names = new(folded.Graph);
        Dictionary<string, ScaleFold> folds = ScaleFold.Find(model, plan, BlockRounding.IsScaled)
            .Concat(values).ToDictionary(fold => fold.Value);
        foreach (NodePlan node
            in plan.Nodes.Where(node => node.Weights is { Blocks: not null } weights && BlockRounding.IsScaled(weights.Method)))
        {
            QuantizableNode facts = model.Analysis.Find(node);
            if (facts.Role != NodeRole.Weighted || factors.GetValueOrDefault(node.Result)?.Importance is not null)
            {
                continue;
            }

            GramMatrix gram = grams.Find(facts.Weight!)!;
            float[] squares = gram.MeanSquares();
            ScaleFold? fold = folds.GetValueOrDefault(facts.Inputs[0]);
            float[]? scales = fold is null ? null
                : AwqSearch.Find(gram, [
                .. fold.Readers.Select(reader => BlockRounding.Describe(new PlannedNode(model.Analysis.Find(reader), reader)))],
                fold.Channels, cancellationToken);
            foreach (string result in fold is null ? [node.Result] : fold.Readers.Select(reader => reader.Result))
            {
                factors[result] = new WeightFactors(
                    scales, factors.GetValueOrDefault(result)?.Outputs, scales is null ? squares : AwqSearch.Divide(squares, scales));
            }

            if (scales is not null)
            {
                GiveBack(fold!, scales, folded.Graph, names, factors);
            }
        }

        UnusedConstants.Remove(folded.Graph);
        return new AwqFolding(model with { Model = folded, Analysis = RecipeNames.Find(plan).Analyze(new GraphIndex(folded.Graph)) },
            factors);
    }

    /// <summary>The scale of each channel of a product, from those of the values that are made of it.</summary>
    private static float[] Spread(float[] scales, int[] channels)
    {
        float[] spread = new float[channels.Max() + 1];
        Array.Fill(spread, 1);
        for (int i = 0; i < channels.Length; i++)
        {
            spread[channels[i]] = scales[i];
        }

        return spread;
    }

    /// <summary>Divides what makes a value by its scales.</summary>
    private static void GiveBack(
        ScaleFold fold, float[] scales, GraphProto graph, NameAllocator names, Dictionary<string, WeightFactors> factors)
    {
        float[] inverse = [.. scales.Select(scale => 1 / scale)];
        if (fold.Product is { } product)
        {
            inverse = fold.Channels is null ? inverse : Spread(inverse, fold.Channels);
            WeightFactors? before = factors.GetValueOrDefault(product.Result);
            factors[product.Result] = new WeightFactors(before?.Inputs, inverse, before?.Importance);
            return;
        }

        GraphIndex index = new(graph);
        NodeProto maker = index.FindProducer(fold.Value)!;
        foreach (int position in fold.Constants)
        {
            TensorProto old = index.FindConstant(maker.Input[position])!, floats = old.Clone();
            if (floats.IsHalfFloat())
            {
                floats.Widen();
            }

            float[] values = [.. floats.ReadFloats().Select((value, i) => value * inverse[i])];
            TensorProto made = TensorData.Make<float>(TensorProto.Types.DataType.Float, values, old.Dims);
            made = old.IsFloat() ? made
                : HalfTensor.Make(made, old.DataType == (int)TensorProto.Types.DataType.Float16 ? HalfFormat.Float16 : HalfFormat.BFloat16);
            made.Name = maker.Input[position] = names.Next();
            graph.Initializer.Add(made);
        }
    }
}
