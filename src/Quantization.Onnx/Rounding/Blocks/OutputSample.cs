using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Some outputs of a matrix, evenly spaced: those of a large matrix are much alike, and a few tell of all.</summary>
/// <param name="Problem">The matrix of these outputs alone.</param>
/// <param name="Chosen">Which outputs of the whole matrix they are.</param>
/// <param name="Weights">
/// Their weights, a row for each input. Outputs past the last, which fill the last tile up, have weights of 0.
/// </param>
internal sealed record OutputSample(BlockProblem Problem, int[] Chosen, float[] Weights)
{
    /// <summary>The outputs, with those that fill the last tile up.</summary>
    public int Outputs => Problem.Shape.Outputs;

    /// <summary>Takes outputs of a matrix, and reads no more of it at once than a row.</summary>
    /// <param name="problem">The matrix.</param>
    /// <param name="most">The most outputs that are taken.</param>
    public static OutputSample Take(BlockProblem problem, int most)
    {
        (int inputs, int outputs) = (problem.Shape.Inputs, problem.Shape.Outputs);
        int taken = Math.Min(most, outputs), padded = Panels.RoundUp(taken);
        int[] chosen = [.. Enumerable.Range(0, taken).Select(i => (int)((long)i * outputs / taken))];
        float[] weights = new float[(long)inputs * padded];
        float[] row = new float[problem.Weights.Columns];
        if (problem.Weights.IsTransposed)
        {
            for (int i = 0; i < taken; i++)
            {
                problem.Weights.Read(chosen[i], 1, row);
                for (int input = 0; input < inputs; input++)
                {
                    weights[(long)input * padded + i] = row[input];
                }
            }
        }
        else
        {
            for (int input = 0; input < inputs; input++)
            {
                problem.Weights.Read(input, 1, row);
                for (int i = 0; i < taken; i++)
                {
                    weights[(long)input * padded + i] = row[chosen[i]];
                }
            }
        }

        return new OutputSample(problem, chosen, weights).WithWeights(padded);
    }

    /// <summary>The same outputs with each input's weights multiplied by a factor.</summary>
    /// <param name="scales">The factors.</param>
    public BlockProblem Scale(float[] scales) => Problem with { Weights = Read(new WeightFactors(scales, null, null)) };

    private OutputSample WithWeights(int padded) => this with
    {
        Problem = Problem with
        {
            Shape = Problem.Shape with { Outputs = padded },
            Weights = new MatrixReader(
                TensorData.Make<float>(TensorProto.Types.DataType.Float, Weights, Problem.Shape.Inputs, padded), isTransposed: false)
            {
                Factors = Problem.Weights.Factors is { Importance: { } importance } ? new WeightFactors(null, null, importance) : null,
            },
        },
    };

    private MatrixReader Read(WeightFactors factors) => new(
        TensorData.Make<float>(TensorProto.Types.DataType.Float, Weights, Problem.Shape.Inputs, Outputs), isTransposed: false)
    {
        Factors = factors
    };
}
