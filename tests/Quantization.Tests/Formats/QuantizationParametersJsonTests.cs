using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using CsCheck;

namespace Quantization.Tests.Formats;

public sealed partial class QuantizationParametersJsonTests
{
    [Fact]
    public void The_form_is_this_one()
    {
        new QuantizationParameters([0.5f, 0.1f], [3, -7]).ToJson().Should().Be("""{"version":1,"scales":[0.5,0.1],"zeroPoints":[3,-7]}""");
        new QuantizationParameters([0.25f]).ToJson().Should().Be("""{"version":1,"scales":[0.25]}""");
    }

    /// <summary>The digits are parsed by <see cref="float.Parse(string)"/>, which is not the reader's parser.</summary>
    [Fact]
    public void Every_scale_comes_back_bit_for_bit() =>
        Gen.Select(Gen.UInt[1, 0x7F7FFFFF].Array[1, 20], Gen.Int.Array[1, 20]).Sample((bits, zeroPoints) =>
        {
            int count = Math.Min(bits.Length, zeroPoints.Length);
            QuantizationParameters parameters =
                new([.. bits.Take(count).Select(BitConverter.UInt32BitsToSingle)], zeroPoints.AsSpan(0, count));

            string json = parameters.ToJson();

            JsonArray scales = JsonNode.Parse(json)!["scales"]!.AsArray();
            scales.Select(scale => BitConverter.SingleToUInt32Bits(float.Parse(scale!.ToJsonString(), CultureInfo.InvariantCulture)))
                .Should().Equal(bits.Take(count));
            Bits(QuantizationParameters.FromJson(json)).Should().Equal(Bits(parameters));
            Bits(QuantizationParameters.FromJson(Encoding.UTF8.GetBytes(json))).Should().Equal(Bits(parameters));
        }, iter: 500);

    [Theory]
    [InlineData(0x00000001u)]
    [InlineData(0x007FFFFFu)]
    [InlineData(0x00800000u)]
    [InlineData(0x3DCCCCCDu)]
    [InlineData(0x7F7FFFFFu)]
    public void Scales_at_the_ends_come_back(uint bits)
    {
        float scale = BitConverter.UInt32BitsToSingle(bits);

        BitConverter.SingleToUInt32Bits(
            QuantizationParameters.FromJson(new QuantizationParameters([scale], [int.MinValue]).ToJson()).Scales[0]).Should().Be(bits);
        string digits = ((double)scale).ToString("R", CultureInfo.InvariantCulture);
        BitConverter.SingleToUInt32Bits(QuantizationParameters.FromJson($$"""{"version":1,"scales":[{{digits}}]}""").Scales[0])
            .Should().Be(bits, "others write floats with the digits of a double");
    }

    [Fact]
    public void Spaces_order_and_a_byte_order_mark_do_not_matter()
    {
        QuantizationParameters expected = new([0.5f], [3]);

        QuantizationParameters.FromJson("\r\n{ \"zeroPoints\": [ 3 ],\n \"scales\" : [5e-1], \"version\": 1 }\n").Should().Be(expected);
        QuantizationParameters.FromJson([.. Encoding.UTF8.Preamble, .. """{"version":1,"scales":[0.5],"zeroPoints":[3]}"""u8])
            .Should().Be(expected);
    }

    [Theory]
    [InlineData("", "the JSON is damaged in line 1, byte 1; write it with QuantizationParameters.ToJson.")]
    [InlineData("{\"version\":1,\n\"scales\":[0.5", "the JSON is damaged in line 2, byte 14; write it with QuantizationParameters.ToJson.")]
    [InlineData(
        """{"version":1,"scales":[0.5]} x""", "the JSON is damaged in line 1, byte 30; write it with QuantizationParameters.ToJson.")]
    [InlineData("[1]", "the JSON is an array; it must be an object with \"version\" and \"scales\".")]
    [InlineData("null", "the JSON is null; it must be an object with \"version\" and \"scales\".")]
    [InlineData("""{"scales":[0.5]}""", "\"version\" is missing; add it with the value 1.")]
    [InlineData("""{"version":2,"steps":[0.5]}""", "\"version\" is 2; this library reads version 1, and a newer library may read others.")]
    [InlineData(
        """{"version":"1","scales":[0.5]}""", "\"version\" is \"1\"; this library reads version 1, and a newer library may read others.")]
    [InlineData("""{"version":1,"version":1,"scales":[0.5]}""", "\"version\" is there more than once; keep one.")]
    [InlineData("""{"version":1,"scales":[0.5],"scales":[0.5]}""", "\"scales\" is there more than once; keep one.")]
    [InlineData("""{"version":1,"scales":[0.5],"zero_points":[0]}""", "\"zero_points\" is no property of version 1; remove it.")]
    [InlineData("""{"version":1,"scales":[0.5],"a\nb":0}""", "\"a\\nb\" is no property of version 1; remove it.")]
    [InlineData(
        """{"version":1,"scales":[0.5],"\ud800":0}""",
        "the name of a property is no Unicode text; write the JSON with QuantizationParameters.ToJson.")]
    [InlineData("""{"version":1}""", "\"scales\" is missing; add it with one scale per group.")]
    [InlineData("""{"version":1,"scales":0.5}""", "\"scales\" is 0.5; it must be an array of numbers.")]
    [InlineData("""{"version":1,"scales":[]}""", "\"scales\" is empty; at least one scale is needed.")]
    [InlineData(
        """{"version":1,"scales":[0.5,-1]}""", "\"scales\"[1] is -1; a scale must be a number above 0 and finite in single precision.")]
    [InlineData("""{"version":1,"scales":[0]}""", "\"scales\"[0] is 0; a scale must be a number above 0 and finite in single precision.")]
    [InlineData(
        """{"version":1,"scales":[1e39]}""", "\"scales\"[0] is 1e39; a scale must be a number above 0 and finite in single precision.")]
    [InlineData(
        """{"version":1,"scales":[1e-46]}""", "\"scales\"[0] is 1e-46; a scale must be a number above 0 and finite in single precision.")]
    [InlineData(
        """{"version":1,"scales":["NaN"]}""", "\"scales\"[0] is \"NaN\"; a scale must be a number above 0 and finite in single precision.")]
    [InlineData(
        """{"version":1,"scales":[[1]]}""", "\"scales\"[0] is an array; a scale must be a number above 0 and finite in single precision.")]
    [InlineData(
        """{"version":1,"scales":[0.5],"zeroPoints":[1.0]}""",
        "\"zeroPoints\"[0] is 1.0; a zero-point must be an integer of 32 bits without a fraction.")]
    [InlineData(
        """{"version":1,"scales":[0.5],"zeroPoints":[2147483648]}""",
        "\"zeroPoints\"[0] is 2147483648; a zero-point must be an integer of 32 bits without a fraction.")]
    [InlineData("""{"version":1,"scales":[0.5],"zeroPoints":null}""", "\"zeroPoints\" is null; it must be an array of numbers.")]
    [InlineData(
        """{"version":1,"scales":[0.5],"zeroPoints":[]}""",
        "\"zeroPoints\" has 0 elements, \"scales\" has 1; give as many, or none if all are 0.")]
    public void What_is_no_parameters_is_refused_by_name(string json, string message)
    {
        FluentActions.Invoking(() => QuantizationParameters.FromJson(json)).Should().Throw<InvalidDataException>()
            .Which.Message.Should().Be("Quantization parameters: " + message);
        FluentActions.Invoking(() => QuantizationParameters.FromJson(Encoding.UTF8.GetBytes(json))).Should().Throw<InvalidDataException>();
    }

    [Fact]
    public void A_long_value_is_shown_in_part() =>
        FluentActions.Invoking(() => QuantizationParameters.FromJson($$"""{"version":1,"scales":[-0.{{new string('1', 10_000)}}]}"""))
            .Should().Throw<InvalidDataException>()
            .WithMessage($"Quantization parameters: \"scales\"[0] is -0.{new string('1', 37)}…; a scale must be a number above 0 *");

    [Fact]
    public void A_serializer_without_reflection_writes_parameters_inside_other_objects()
    {
        Layer layer = new("conv", new QuantizationParameters([0.1f], [-3]), null);

        string json = JsonSerializer.Serialize(layer, LayerContext.Default.Layer);

        json.Should().Be("""{"Name":"conv","Weights":{"version":1,"scales":[0.1],"zeroPoints":[-3]},"Biases":null}""");
        JsonSerializer.Deserialize(json, LayerContext.Default.Layer).Should().Be(layer);
        FluentActions.Invoking(() => JsonSerializer.Deserialize(
                """{"Name":"conv","Weights":{"version":1,"scales":[-1]},"Biases":null}""", LayerContext.Default.Layer))
            .Should().Throw<InvalidDataException>().WithMessage("*\"scales\"[0] is -1*");
    }

    private static uint[] Bits(QuantizationParameters parameters) =>
    [
        .. parameters.Scales.ToArray().Select(BitConverter.SingleToUInt32Bits),
        .. parameters.ZeroPoints.ToArray().Select(zeroPoint => (uint)zeroPoint),
    ];

    internal sealed record Layer(string Name, QuantizationParameters Weights, QuantizationParameters? Biases);

    [JsonSerializable(typeof(Layer))]
    private sealed partial class LayerContext : JsonSerializerContext;
}
