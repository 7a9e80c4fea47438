namespace Quantization.Onnx.Tests.Quantizing;

public sealed class PtqOptionsTests
{
    public static TheoryData<Action, string> Refused { get; } = new()
    {
        {
        () => _ = new PtqOptions { ActivationFormat = CodeFormat.Unsigned(7) },
        "Activations can be CodeFormat.UInt8 or CodeFormat.Int8, not UInt8 [0, 127].*"
        },
        {
        () => _ = new PtqOptions { ActivationFormat = CodeFormat.UInt16 },
        "Activations can be CodeFormat.UInt8 or CodeFormat.Int8, not UInt16 [0, 65535].*"
        },
        {
        () => _ = new PtqOptions { WeightFormat = CodeFormat.UInt8 },
        "Weights need a signed format of at most 8 bits, such as CodeFormat.Int8 or CodeFormat.Signed(4), not UInt8 [0, 255].*"
        },
        {
        () => _ = new PtqOptions { WeightFormat = CodeFormat.Int16 },
        "Weights need a signed format of at most 8 bits, such as CodeFormat.Int8 or CodeFormat.Signed(4), not Int16 [-32768, 32767].*"
        },
        {
        () => _ = new PtqOptions { WeightGranularity = GranularityKind.PerBlock },
        "Weights can be quantized per channel or per tensor, not PerBlock.*"
        },
        {
        () => _ = new WeightOptions { Granularity = GranularityKind.PerBlock },
        "Weights can be quantized per channel or per tensor, not PerBlock.*"
        },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_does_not_run_on_integers_is_refused(Action make, string message) =>
        make.Should().Throw<ArgumentException>().WithMessage(message);

    [Theory]
    [InlineData(8, 127)]
    [InlineData(7, 63)]
    [InlineData(4, 7)]
    [InlineData(2, 1)]
    public void Weights_are_stored_as_int8_whatever_their_bits(int bits, int largest) =>
        new PtqOptions { WeightFormat = CodeFormat.Signed(bits) }.StoredWeightFormat.Should()
            .Be(new CodeFormat(CodeType.Int8, -largest, largest));
}
