namespace Quantization.Onnx;

/// <summary>What rounding added to a matrix, or to its outputs.</summary>
/// <param name="Noise">The energy of the errors.</param>
/// <param name="Signal">The energy of what they are errors of.</param>
internal readonly record struct RoundingError(double Noise, double Signal)
{
    /// <summary>The outputs of a matrix that are used.</summary>
    public const int MostOutputs = 256;

    /// <summary>The noise as a share of the signal; 0 where there is neither.</summary>
    public double Share => Noise <= 0 ? 0 : Noise / Signal;

    /// <summary>The error of a matrix's outputs, as samples show its inputs.</summary>
    /// <param name="problem">The matrix, with what samples say of its inputs.</param>
    /// <param name="blocks">Its codes.</param>
    public static RoundingError OfOutputs(BlockProblem problem, QuantizedBlocks blocks)
    {
        OutputSample sample = OutputSample.Take(problem, MostOutputs);
        return OfOutputs(sample, blocks, sample.Chosen, new GramEnergy(problem.Gram!));
    }

    /// <summary>The error of some outputs.</summary>
    /// <param name="sample">The outputs.</param>
    /// <param name="blocks">Their codes, perhaps among those of others.</param>
    /// <param name="rows">Where each output stands in the codes.</param>
    /// <param name="energy">What samples say of the inputs.</param>
    public static RoundingError OfOutputs(OutputSample sample, QuantizedBlocks blocks, IReadOnlyList<int> rows, GramEnergy energy)
    {
        float[] errors = new float[sample.Weights.Length];
        for (int i = 0; i < rows.Count; i++)
        {
            for (int input = 0; input < sample.Problem.Shape.Inputs; input++)
            {
                long index = (long)input * sample.Outputs + i;
                errors[index] = blocks.ValueAt(rows[i], input) - sample.Weights[index];
            }
        }

        return new RoundingError(energy.Of(errors, sample.Outputs), energy.Of(sample.Weights, sample.Outputs));
    }
}
