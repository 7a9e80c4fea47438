namespace Quantization.Onnx.Tests.Scoring;

public sealed class ClassCounterTests
{
    [Fact]
    public void Chance_is_what_answers_in_a_random_order_would_get_right()
    {
        ClassCounter counter = new();
        (int Answer, int Label)[] samples = [(0, 0), (0, 1), (1, 1), (2, 0), (0, 0), (1, 2)];
        foreach ((int answer, int label) in samples)
        {
            counter.Add(answer, label);
        }

        double byHand = samples.Average(one => samples.Average(other => one.Answer == other.Label ? 1.0 : 0.0));
        counter.Counts!.ChanceAccuracy.Should().BeApproximately(byHand, 1e-12);
        counter.Counts.Should().Be(new ClassCounts(6, 3, 0, 3, 6, 3, 0, counter.Counts.ChanceAccuracy));
    }

    [Fact]
    public void Without_labels_there_are_answers_alone()
    {
        ClassCounter counter = new();
        counter.Counts.Should().BeNull();

        counter.Add(3, null);

        counter.Counts.Should().Be(new ClassCounts(1, 1, 3, 1, 0, 0, 0, 0));
    }
}
