namespace Quantization.Tests.Training;

public sealed class LearnedStepSizeTests
{
    [Fact]
    public void The_scale_starts_at_twice_the_mean_magnitude_over_the_root_of_the_largest_code() =>
        LearnedStepSize.InitialScale([1, -2, 3, -6], CodeFormat.Signed(3)).Should().Be((float)(2 * 3 / Math.Sqrt(3)));

    [Fact]
    public void The_gradient_of_a_scale_is_divided_by_the_root_of_count_and_largest_code() =>
        LearnedStepSize.GradientScale(100, CodeFormat.Unsigned(4)).Should().Be(1 / Math.Sqrt(1500));

    [Fact]
    public void Zeros_start_at_1() => LearnedStepSize.InitialScale(new float[3], CodeFormat.Int8).Should().Be(1);

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void Values_that_are_not_finite_are_refused(float value)
    {
        Action act = () => LearnedStepSize.InitialScale([1, value], CodeFormat.Int8);

        act.Should().Throw<ArgumentException>().WithParameterName("values");
    }

    [Fact]
    public void No_values_and_no_positive_code_are_refused()
    {
        Action none = () => LearnedStepSize.InitialScale([], CodeFormat.Int8);
        Action negative = () => LearnedStepSize.GradientScale(1, new CodeFormat(CodeType.Int8, -3, 0));
        Action count = () => LearnedStepSize.GradientScale(0, CodeFormat.Int8);

        none.Should().Throw<ArgumentException>().WithParameterName("values");
        negative.Should().Throw<ArgumentException>().WithParameterName("format").WithMessage("*Int8 [-3, 0]*");
        count.Should().Throw<ArgumentOutOfRangeException>().WithParameterName("count");
    }
}
