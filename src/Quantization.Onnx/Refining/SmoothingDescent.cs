namespace Quantization.Onnx;

/// <summary>Improves exponents one by one: each is raised or lowered by 1 where the noise falls.</summary>
internal sealed class SmoothingDescent
{
    private const int MaxSweeps = 4;

    /// <summary>A sweep that brings less is the last.</summary>
    private const double MinGain = 0.01;

    private readonly SmoothingProblem _problem;
    private readonly int[] _exponents;
    private readonly float[] _factors;
    private readonly float[][] _reaches;
    private readonly SampleColumns[] _samples;
    private readonly (float Least, float Most)[] _ranges;
    private double _gain;
    private double _power;
    private double _lost;

    private SmoothingDescent(SmoothingProblem problem, int[] exponents)
    {
        _problem = problem;
        _exponents = [.. exponents];
        _factors = ToFactors(exponents);
        _reaches = [.. problem.Matrices.Select(matrix => matrix.Reach(_factors))];
        _gain = problem.Gains.Select((gain, i) => (double)gain * _factors[i] * _factors[i]).Sum();
        _power = problem.Powers.Select((power, i) => power / ((double)_factors[i] * _factors[i])).Sum();
        _samples = problem.IsDynamic ? [.. problem.Input.Samples] : [];
        if (problem.IsDynamic)
        {
            _ranges = [.. _samples.Select(sample => sample.Divide(_factors))];
        }
        else
        {
            // The range stays while factors change; what leaves it is cut off.
            (float least, float most, _) = problem.ChooseRange(_factors, _gain);
            _ranges = [(least, most)];
            _lost = Enumerable.Range(0, exponents.Length).Sum(i => LostOf(i, _factors[i]));
        }
    }

    /// <summary>Improves exponents.</summary>
    /// <param name="problem">What is known of the input and its weights.</param>
    /// <param name="exponents">The exponents to begin with.</param>
    public static int[] Improve(SmoothingProblem problem, int[] exponents)
    {
        double noise = problem.NoiseOf(ToFactors(exponents));
        for (int sweep = 0; sweep < MaxSweeps; sweep++)
        {
            SmoothingDescent descent = new(problem, exponents);
            descent.Sweep();
            double found = problem.NoiseOf(descent._factors);
            if (!(found < noise))
            {
                break;
            }

            exponents = descent._exponents;
            if (found > noise * (1 - MinGain))
            {
                break;
            }

            noise = found;
        }

        return exponents;
    }

    private static float[] ToFactors(int[] exponents) => [.. exponents.Select(exponent => MathF.ScaleB(1, exponent))];

    private void Sweep()
    {
        double noise = Noise(_gain, _power, _lost, _reaches, _ranges);
        for (int column = 0; column < _exponents.Length; column++)
        {
            noise = Math.Min(noise, Try(column, 1, noise));
            noise = Math.Min(noise, Try(column, -1, noise));
        }
    }

    /// <summary>Changes an exponent where that is better; the noise then, or infinity.</summary>
    private double Try(int column, int change, double before)
    {
        float factor = MathF.ScaleB(1, _exponents[column] + change);
        double was = (double)_factors[column] * _factors[column], square = (double)factor * factor;
        double gain = _gain + (square - was) * _problem.Gains[column], power = _power + _problem.Powers[column] * (1 / square - 1 / was);
        double lost = _problem.IsDynamic ? 0 : _lost - LostOf(column, _factors[column]) + LostOf(column, factor);
        float[][] reaches = [.. _problem.Matrices.Select((matrix, i) => matrix.Reach(_reaches[i], _factors, column, factor))];
        (float Least, float Most)[] ranges = !_problem.IsDynamic ? _ranges :
        [
            .. _ranges.Select((range, i) =>
                (Math.Min(range.Least, _samples[i].Least[column] / factor), Math.Max(range.Most, _samples[i].Most[column] / factor))),
        ];
        double noise = Noise(gain, power, lost, reaches, ranges);
        if (!(noise < before))
        {
            return double.PositiveInfinity;
        }

        _exponents[column] += change;
        _factors[column] = factor;
        (_gain, _power, _lost) = (gain, power, lost);
        reaches.CopyTo(_reaches, 0);
        ranges.CopyTo(_ranges, 0);
        return noise;
    }

    private double Noise(double gain, double power, double lost, float[][] reaches, (float Least, float Most)[] ranges)
    {
        double steps = 0, rounding = 0, rows = 0;
        for (int i = 0; i < reaches.Length; i++)
        {
            steps += _problem.Matrices[i].SquaredSteps(reaches[i]);
        }

        for (int i = 0; i < ranges.Length; i++)
        {
            int weight = _problem.IsDynamic ? _samples[i].Rows : 1;
            rounding += weight * SmoothingProblem.RoundingNoise(ranges[i].Least, ranges[i].Most);
            rows += weight;
        }

        return power * steps / 12 + gain * rounding / Math.Max(1, rows) + lost;
    }

    /// <summary>The noise of what the range cuts off a column.</summary>
    private double LostOf(int column, float factor)
    {
        float least = _ranges[0].Least * factor, most = _ranges[0].Most * factor;
        double lost = 0;
        foreach (float[] row in _problem.Input.Rows)
        {
            double excess = row[column] - Math.Clamp(row[column], least, most);
            lost += excess * excess;
        }

        return _problem.Gains[column] * lost / Math.Max(1, _problem.Input.Rows.Count);
    }
}
