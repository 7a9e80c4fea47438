using System.Globalization;

namespace Quantization.Codebooks;

/// <summary>
/// Distinct values in ascending order with their weights, and running sums that give the mass, mean and squared error of any stretch of
/// them at once.
/// </summary>
internal sealed class WeightedPoints
{
    private readonly double[] _values;
    private readonly double[] _mass;
    private readonly double[] _moment;
    private readonly double[] _power;

    private WeightedPoints(ReadOnlySpan<double> values, ReadOnlySpan<double> weights)
    {
        _values = new double[values.Length];
        _mass = new double[values.Length + 1];
        _moment = new double[values.Length + 1];
        _power = new double[values.Length + 1];
        int count = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (weights[i] == 0)
            {
                continue;
            }

            if (count == 0 || values[i] != _values[count - 1])
            {
                _values[count] = values[i];
                (_mass[count + 1], _moment[count + 1], _power[count + 1]) = (_mass[count], _moment[count], _power[count]);
                count++;
            }

            _mass[count] += weights[i];
            _moment[count] += weights[i] * values[i];
            _power[count] += weights[i] * values[i] * values[i];
        }

        Count = count;
    }

    /// <summary>The number of distinct values.</summary>
    public int Count { get; }

    /// <summary>The values, ascending.</summary>
    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    /// <exception cref="ArgumentException">A value or weight is not finite, a weight is negative, or the counts differ.</exception>
    public static WeightedPoints FromValues(ReadOnlySpan<float> values, ReadOnlySpan<float> weights)
    {
        if (!weights.IsEmpty && weights.Length != values.Length)
        {
            throw new ArgumentException(
                $"{weights.Length} weights do not fit {values.Length} values; give as many, or none where all count alike.",
                nameof(weights));
        }

        double[] sorted = new double[values.Length];
        double[] masses = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"Value {i} is {values[i]:R}; levels are learned from finite values."),
                    nameof(values));
            }

            float weight = weights.IsEmpty ? 1 : weights[i];
            if (!(weight >= 0) || !float.IsFinite(weight))
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"Weight {i} is {weight:R}; weights are finite and not negative."),
                    nameof(weights));
            }

            sorted[i] = values[i];
            masses[i] = weight;
        }

        Array.Sort(sorted, masses);
        return new WeightedPoints(sorted, masses);
    }

    /// <summary>A point at the middle of each bin, and one at 0.</summary>
    public static WeightedPoints FromStatistics(TensorStatistics statistics)
    {
        int bins = statistics.BinsPerSign;
        double[] values = new double[2 * bins + 1];
        double[] weights = new double[2 * bins + 1];
        weights[bins] = statistics.ZeroCount;
        for (int i = 0; i < bins; i++)
        {
            double middle = (i + 0.5) * statistics.BinWidth;
            (values[bins + 1 + i], weights[bins + 1 + i]) = (middle, statistics.PositiveBins[i]);
            (values[bins - 1 - i], weights[bins - 1 - i]) = (-middle, statistics.NegativeBins[i]);
        }

        return new WeightedPoints(values, weights);
    }

    /// <summary>The index of the first value at or above <paramref name="threshold"/>.</summary>
    public int IndexOf(double threshold)
    {
        int index = Values.BinarySearch(threshold);
        return index >= 0 ? index : ~index;
    }

    /// <summary>The weight of the values <paramref name="start"/> … <paramref name="end"/> − 1.</summary>
    public double Mass(int start, int end) => _mass[end] - _mass[start];

    /// <summary>
    /// The weight below <paramref name="threshold"/>, and the moment, where each value's weight is spread evenly over the values nearest to
    /// it: both change without jumps.
    /// </summary>
    public (double Mass, double Moment) Below(double threshold)
    {
        int next = IndexOf(threshold);
        int nearest = next == Count || (next > 0 && threshold - _values[next - 1] < _values[next] - threshold) ? next - 1 : next;
        double from = nearest > 0 ? (_values[nearest - 1] + _values[nearest]) / 2 : _values[nearest];
        double to = nearest + 1 < Count ? (_values[nearest] + _values[nearest + 1]) / 2 : _values[nearest];
        double share = to > from ? Math.Clamp((threshold - from) / (to - from), 0, 1) : 1;
        return (_mass[nearest] + share * Mass(nearest, nearest + 1), _moment[nearest] + share * (_moment[nearest + 1] - _moment[nearest]));
    }

    /// <summary>Their mean.</summary>
    public double Mean(int start, int end) => (_moment[end] - _moment[start]) / Mass(start, end);

    /// <summary>Their weighted squared distance to <paramref name="level"/>.</summary>
    public double SquaredError(int start, int end, double level) =>
        _power[end] - _power[start] - 2 * level * (_moment[end] - _moment[start]) + level * level * Mass(start, end);
}
