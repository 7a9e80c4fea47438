namespace Quantization.Onnx.Tests;

public sealed class AutoChoiceTests
{
    private const long FloatBytes = 1_000_000;
    private const double FloatScore = 0.9;

    private static readonly QuantizationWay[] Ways = Enum.GetValues<QuantizationWay>();

    /// <summary>Budgets of every kind, met by some, all or none of the tables below.</summary>
    public static TheoryData<double?, double?, double?> Budgets
    {
        get
        {
            TheoryData<double?, double?, double?> budgets = [];
            foreach (double? loss in (double?[])[null, 0, 0.002, 0.01, 0.05])
            {
                foreach (double? latency in (double?[])[null, 0.3, 0.7, 1.2])
                {
                    foreach (double? size in (double?[])[null, 0.2, 0.4, 0.9])
                    {
                        budgets.Add(loss, latency, size);
                    }
                }
            }

            return budgets;
        }
    }

    [Theory]
    [MemberData(nameof(Budgets))]
    public void The_pick_is_the_best_row_of_the_table_by_brute_force(double? loss, double? latency, double? size)
    {
        AutoBudget budget = new() { MaxLoss = loss, MaxLatencyRatio = latency, MaxSizeRatio = size };
        AutoChoice choice = new(budget, FloatScore, FloatBytes);
        for (int seed = 0; seed < 200; seed++)
        {
            AutoRow[] rows = MakeTable(seed);

            int? picked = choice.Pick(rows);

            AutoRow[] within = [.. rows.Where(row => IsWithin(row, loss, latency, size))];
            picked.HasValue.Should().Be(within.Length > 0, "table {0}", seed);
            if (picked is null)
            {
                continue;
            }

            AutoRow pick = rows[picked.Value];
            within.Should().Contain(pick);
            if (loss is null)
            {
                // As good as the best by the metric, and the fastest of those.
                double best = within.Max(row => row.Score);
                pick.Score.Should().BeGreaterThanOrEqualTo(best - 0.001 - 1e-9);
                pick.LatencyRatio.Should().Be(within.Where(row => row.Score >= best - 0.001).Min(row => row.LatencyRatio));
            }
            else
            {
                // As fast as the fastest, and the best by the metric of those.
                double fastest = within.Min(row => row.LatencyRatio);
                pick.LatencyRatio.Should().BeLessThanOrEqualTo(fastest * 1.05);
                pick.Score.Should().Be(within.Where(row => row.LatencyRatio <= fastest * 1.05).Max(row => row.Score));
            }

            rows.Where(row => row != pick).Should()
                .OnlyContain(row => choice.FindExcess(row) != null || choice.Compare(row, pick) != AutoVerdict.Chosen);
        }
    }

    [Fact]
    public void The_order_of_the_rows_does_not_matter()
    {
        foreach (AutoBudget budget in (AutoBudget[])[new(), new() { MaxLoss = 0.01 }, new() { MaxSizeRatio = 0.5 }])
        {
            AutoChoice choice = new(budget, FloatScore, FloatBytes);
            for (int seed = 0; seed < 100; seed++)
            {
                AutoRow[] rows = MakeTable(seed), reversed = [.. rows.Reverse()];

                int? forwards = choice.Pick(rows), backwards = choice.Pick(reversed);

                (forwards is { } i ? rows[i] : (AutoRow?)null).Should().Be(backwards is { } k ? reversed[k] : null);
            }
        }
    }

    [Fact]
    public void The_front_is_that_of_brute_force_with_the_float_model_among_the_others()
    {
        AutoChoice choice = new(new AutoBudget(), FloatScore, FloatBytes);
        for (int seed = 0; seed < 100; seed++)
        {
            AutoRow[] rows = MakeTable(seed);
            (double Score, double Time, double Bytes)[] all =
                [.. rows.Select(row => (row.Score, row.LatencyRatio, (double)row.Bytes)), (FloatScore, 1, FloatBytes)];

            foreach (AutoRow row in rows)
            {
                (double Score, double Time, double Bytes) own = (row.Score, row.LatencyRatio, row.Bytes);
                bool isBeaten =
                    all.Any(other => other != own && other.Score >= own.Score && other.Time <= own.Time && other.Bytes <= own.Bytes);
                choice.IsOnFront(row, rows).Should().Be(!isBeaten);
            }
        }
    }

    [Fact]
    public void Without_scores_the_way_that_usually_loses_least_wins_and_no_faster_one()
    {
        AutoChoice choice = new(new AutoBudget(), double.NaN, FloatBytes);
        AutoRow Row(QuantizationWay way, double time) => new(way, double.NaN, double.NaN, time, 300_000);
        AutoRow[] rows =
            [Row(QuantizationWay.WeightsInt4, 0.2), Row(QuantizationWay.DynamicInt8, 0.4), Row(QuantizationWay.WeightsInt8, 0.8)];

        choice.Pick(rows).Should().Be(2);
        choice.Compare(rows[0], rows[2]).Should().Be(AutoVerdict.Riskier);
        choice.Pick([.. rows.Take(2)]).Should().Be(1);
    }

    [Fact]
    public void A_model_hardly_faster_than_float_is_not_called_faster()
    {
        AutoChoice choice = new(new AutoBudget(), FloatScore, FloatBytes);

        choice.FindExcess(new AutoRow(default, 0.9, 0, 0.97, 500_000)).Should().Be(AutoVerdict.NotFaster);
        choice.FindExcess(new AutoRow(default, 0.9, 0, 0.9, 1_000_000)).Should().Be(AutoVerdict.NotSmaller);
        choice.FindExcess(new AutoRow(default, 0.9, 0, 0.9, 999_999)).Should().BeNull();
    }

    [Fact]
    public void Infinite_figures_are_ranked()
    {
        AutoChoice choice = new(new AutoBudget(), double.PositiveInfinity, FloatBytes);
        AutoRow[] rows =
        [
            new(default, 31, double.NaN, 0.4, 300_000),
            new(default, 45, double.NaN, 0.8, 300_000),
            new(default, double.PositiveInfinity, double.NaN, 0.9, 300_000)
        ];

        choice.Pick(rows).Should().Be(2);
        choice.Pick([.. rows.Take(2)]).Should().Be(1);
    }

    [Fact]
    public void Bytes_and_share_hold_both()
    {
        new AutoBudget { MaxBytes = 300, MaxSizeRatio = 0.5 }.MostBytes(1000).Should().Be(300);
        new AutoBudget { MaxBytes = 300, MaxSizeRatio = 0.2 }.MostBytes(1000).Should().Be(200);
        new AutoBudget().MostBytes(1000).Should().BeNull();
    }

    private static bool IsWithin(AutoRow row, double? loss, double? latency, double? size) =>
        (loss is null || row.Loss <= loss + 1e-9)
        && (latency is null && size is null
            ? row.LatencyRatio * 1.05 <= 1 && row.Bytes < FloatBytes
            : (latency is null || row.LatencyRatio <= latency) && (size is null || row.Bytes <= size * FloatBytes));

    /// <summary>A table with figures near to each other, some of them the same.</summary>
    private static AutoRow[] MakeTable(int seed)
    {
#pragma warning disable CA5394 // nothing secret here
        Random random = new(seed);
        return
        [
            .. Ways.Select(way =>
            {
                double score = FloatScore - (random.Next(0, 40) * random.Next(0, 40) / 20_000.0);
                return new AutoRow(
                    way, score, FloatScore - score, Math.Round(0.15 + (1.2 * random.NextDouble()), 2), random.Next(10, 120) * 10_000L);
            }),
        ];
#pragma warning restore CA5394
    }
}
