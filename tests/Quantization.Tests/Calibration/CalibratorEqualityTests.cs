namespace Quantization.Tests.Calibration;

public sealed class CalibratorEqualityTests
{
    /// <summary>Calibrators by what they do: those of one row do the same, those of different rows do not.</summary>
    private static readonly ICalibrator[][] Kinds =
    [
        [new MaxCalibrator(), new MaxCalibrator()],
        [new EntropyCalibrator(), new EntropyCalibrator()],
        [new MseCalibrator(), new MseCalibrator()],
        [new PercentileCalibrator(), new PercentileCalibrator(99.99)],
        [new PercentileCalibrator(99.9), new PercentileCalibrator(99.9)],
        [new PercentileCalibrator(100), new PercentileCalibrator(100)],
        [new Halving("Max")],
        [new Halving("Max")],
        [new Stretching(2), new Stretching(2)],
        [new Stretching(3)],
    ];

    [Fact]
    public void Calibrators_are_equal_where_type_and_settings_are()
    {
        for (int i = 0; i < Kinds.Length; i++)
        {
            for (int j = 0; j < Kinds.Length; j++)
            {
                foreach (ICalibrator left in Kinds[i])
                {
                    foreach (ICalibrator right in Kinds[j])
                    {
                        left.Equals(right).Should().Be(i == j, "{0} ({1}) against {2} ({3})", left.Name, i, right.Name, j);
                    }
                }
            }

            Kinds[i].Should().OnlyContain(each => each.GetHashCode() == Kinds[i][0].GetHashCode() && !each.Equals(null));
        }
    }

    [Fact]
    public void A_dictionary_finds_a_calibrator_by_its_settings_and_not_by_its_name()
    {
        Dictionary<ICalibrator, string> chosen = Kinds.ToDictionary(kind => kind[0], kind => kind[0].Name);

        chosen.Should().HaveCount(Kinds.Length);
        chosen.ContainsKey(new PercentileCalibrator(99.9)).Should().BeTrue();
        chosen.ContainsKey(new PercentileCalibrator(99.8)).Should().BeFalse();
        chosen.ContainsKey(new Halving("Max")).Should().BeFalse("it has the name of others, and nothing says that it does what they do");
    }

    /// <summary>A calibrator as a user writes it, without equality.</summary>
    private sealed class Halving(string name) : ICalibrator
    {
        public string Name => name;

        public CalibrationResult Calibrate(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme) =>
            new(Name, new ValueRange(statistics.Min / 2, statistics.Max / 2), 1, 0, 0, null);
    }

    /// <summary>A calibrator as a user writes it, compared by its setting.</summary>
    private sealed record Stretching(float Factor) : ICalibrator
    {
        public string Name => "Stretching";

        public CalibrationResult Calibrate(TensorStatistics statistics, CodeFormat format, QuantizationScheme scheme) =>
            new(Name, new ValueRange(statistics.Min * Factor, statistics.Max * Factor), 1, 0, 0, null);
    }
}
