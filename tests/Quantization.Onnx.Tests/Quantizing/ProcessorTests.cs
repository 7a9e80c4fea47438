namespace Quantization.Onnx.Tests.Quantizing;

/// <summary>Without VNNI, 8-bit weights come with a warning that names 7 bits, and 7 bits come without.</summary>
public sealed class ProcessorTests
{
    [Theory]
    [InlineData(8, false, true)]
    [InlineData(7, false, false)]
    [InlineData(8, true, false)]
    public void Warns_of_products_that_saturate(int bits, bool hasExactProducts, bool warns) =>
        Processor.Warn(new PtqOptions { WeightFormat = CodeFormat.Signed(bits) }, hasExactProducts)
            .Any(warning => warning.Message.Contains("CodeFormat.Signed(7)")).Should().Be(warns);
}
