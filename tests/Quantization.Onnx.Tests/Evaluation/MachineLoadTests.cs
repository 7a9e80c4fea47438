namespace Quantization.Onnx.Tests.Evaluation;

public sealed class MachineLoadTests
{
    private const string Before = "cpu  1000 0 500 8000 100 0 0 0 0 0", After = "cpu  1150 10 520 8010 110 0 0 0 0 0";

    [Fact]
    public void The_time_of_others_is_what_was_busy_less_what_this_process_used()
    {
        // 200 ticks in all, 20 of them idle, 100 of them this process's own.
        MachineLoad.Reading start = MachineLoad.Parse(Before, ownSeconds: 5)!.Value, end = MachineLoad.Parse(After, ownSeconds: 6)!.Value;

        MachineLoad.Between(start, end).Should().BeApproximately(0.4, 1e-9);
        MachineLoad.Between(start, start).Should().BeNull("nothing can be told of so short a time");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("cpu0 1 2 3 4 5 6 7 8")]
    [InlineData("cpu 1 2 x 4 5 6 7 8")]
    public void A_line_of_another_kind_tells_nothing(string? line) => MachineLoad.Parse(line, 0).Should().BeNull();

    [Theory]
    [InlineData(0.05, 0.1, 20, false, "")]
    [InlineData(0.05, 0.9, 20, true, "The machine was busy while latencies were measured: other programs used 90 %")]
    [InlineData(0.40, 0.1, 20, true, "The latencies are rough: the middle half of the runs lies 40 % of the median apart")]
    [InlineData(0.40, null, 3, false, "")]
    public void Latencies_under_load_or_far_apart_are_rough(double spread, double? load, int runs, bool isTold, string message)
    {
        LatencyComparison latency =
            new(TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(1), runs) { Spread = spread, OtherLoad = load };

        latency.IsDisturbed.Should().Be(isTold);
        if (isTold)
        {
            SpeedAdvice.Busy(latency).Message.Should()
                .StartWith(message).And.EndWith("Measure again on an idle machine before you decide by them.");
            OutcomeAdvice.Cost(0.3, 0.5, isRough: true).Message.Should()
                .Be("The file shrinks to 30 % of its size, and a run is 2.0× faster (roughly, as the machine was busy).");
        }
    }
}
