namespace Quantization.Onnx.Tests.Scoring;

/// <summary>
/// Every figure from its definition, over all runs at once, in doubles and without thought of speed. It shares no code with the library.
/// </summary>
internal sealed class SlowFigures(IReadOnlyList<RandomRun> runs)
{
    /// <summary>The accuracy and how many samples it rests on: labelled samples that have one row of logits.</summary>
    public (double Value, int Samples)? Top1
    {
        get
        {
            List<bool> hits = [];
            foreach (RandomRun run in runs)
            {
                List<float[]> rows = Rows(run.Outputs[0], run.Outputs[0].Actual);
                if (run.Outputs[0].Shape is [long first, ..] && first == run.Samples.Count && rows.Count == run.Samples.Count)
                {
                    hits.AddRange(run.Samples.Zip(rows).Where(each => each.First.Label is not null)
                        .Select(each => ClassOf(each.Second) == each.First.Label));
                }
            }

            return hits.Count == 0 ? null : (hits.Count(hit => hit) / (double)hits.Count, hits.Count);
        }
    }

    /// <summary>The agreement and how many samples it rests on.</summary>
    public (double Value, int Samples)? Agreement
    {
        get
        {
            (float[] Reference, float[] Actual)[] pairs = RowPairs();
            int agreeing = pairs.Count(pair => ClassOf(pair.Reference) == ClassOf(pair.Actual));
            return pairs.Length == 0 ? null : (agreeing / (double)pairs.Length, SamplesWithRows());
        }
    }

    /// <summary>The divergence and how many samples it rests on.</summary>
    public (double Value, int Samples)? KullbackLeibler
    {
        get
        {
            (float[] Reference, float[] Actual)[] pairs = RowPairs();
            return pairs.Length == 0 ? null : (pairs.Average(pair => Divergence(pair.Reference, pair.Actual)), SamplesWithRows());
        }
    }

    /// <summary>The ratio of one output.</summary>
    public double SignalToNoise(int output)
    {
        double signal = 0, noise = 0;
        foreach ((float expected, float got) in Values(output))
        {
            signal += (double)expected * expected;
            noise += ((double)expected - got) * ((double)expected - got);
        }

        return noise == 0 ? double.PositiveInfinity : 10 * Math.Log10(signal / noise);
    }

    /// <summary>The cosine of one output.</summary>
    public double Cosine(int output)
    {
        double product = 0, expectedPower = 0, gotPower = 0;
        foreach ((float expected, float got) in Values(output))
        {
            product += (double)expected * got;
            expectedPower += (double)expected * expected;
            gotPower += (double)got * got;
        }

        return Values(output).All(pair => pair.First == pair.Second) ? 1 : product / Math.Sqrt(expectedPower * gotPower);
    }

    private IEnumerable<(float First, float Second)> Values(int output) =>
        runs.SelectMany(run => run.Outputs[output].Reference.Zip(run.Outputs[output].Actual));

    private (float[] Reference, float[] Actual)[] RowPairs() =>
        [.. runs.SelectMany(run => Rows(run.Outputs[0], run.Outputs[0].Reference).Zip(Rows(run.Outputs[0], run.Outputs[0].Actual)))];

    private int SamplesWithRows() => runs.Where(run => Rows(run.Outputs[0], run.Outputs[0].Actual).Count > 0).Sum(run => run.Samples.Count);

    /// <summary>
    /// The rows of classes of <c>[N, classes]</c> and <c>[N, steps, classes]</c>, where trailing axes of length 1 do not count and one
    /// class is none.
    /// </summary>
    private static List<float[]> Rows(RandomOutput output, float[] values)
    {
        List<long> shape = [.. output.Shape];
        while (shape.Count > 2 && shape[^1] == 1)
        {
            shape.RemoveAt(shape.Count - 1);
        }

        return (shape.Count == 2 || shape.Count == 3) && shape[^1] >= 2 ? [.. values.Chunk((int)shape[^1])] : [];
    }

    private static int ClassOf(float[] row) => Array.IndexOf(row, row.Max());

    private static double Divergence(float[] reference, float[] actual)
    {
        bool areProbabilities = reference.All(value => value >= 0) && Math.Abs(reference.Sum() - 1) <= 1e-3;
        double[] p = areProbabilities ? Clamp(reference) : Softmax(reference);
        double[] q = areProbabilities ? Clamp(actual) : Softmax(actual);
        return p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum();
    }

    private static double[] Clamp(float[] row) => [.. row.Select(value => Math.Max(value, 1e-12))];

    private static double[] Softmax(float[] row)
    {
        double[] exponentials = [.. row.Select(value => Math.Exp((double)value - row.Max()))];
        return [.. exponentials.Select(value => Math.Max(value / exponentials.Sum(), 1e-12))];
    }
}
