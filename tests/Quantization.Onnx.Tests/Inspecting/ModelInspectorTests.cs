using System.Text.Json;

namespace Quantization.Onnx.Tests;

public sealed class ModelInspectorTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    public static TheoryData<string> Zoo =>
        ["basic-pitch", "fastestdet", "openseeface-detection", "openseeface-landmarks", "super-resolution", "yolox-nano", "yunet-n"];

    [Fact]
    public void The_facts_of_an_image_classifier()
    {
        ModelInspection inspection = ModelInspector.Inspect(FashionExample.ModelPath, cancellationToken: None);

        inspection.Kind.Should().Be(ModelKind.ImageClassifier);
        inspection.Bytes.Should().Be(new FileInfo(FashionExample.ModelPath).Length);
        inspection.Inputs.Should().ContainSingle().Which.Name.Should().Be("image");
        inspection.Inputs[0].Type.Should().Be("float");
        inspection.Inputs[0].Shape!.Skip(1).Should().Equal("1", "28", "28");
        inspection.Outputs.Should().ContainSingle().Which.Name.Should().Be("logits");
        inspection.IsQuantized.Should().BeFalse();
        inspection.Ways.Select(way => way.Way).Should().Equal(Enum.GetValues<QuantizationWay>());
        InspectedOperator heaviest = inspection.Operators[0];
        heaviest.Operator.Should().Be("Conv");
        heaviest.Bytes.Should().Be(4 * heaviest.Parameters);
    }

    [Fact]
    public void The_expected_sizes_of_a_classifier_are_those_that_are_written()
    {
        ModelInspection inspection = ModelInspector.Inspect(FashionExample.ModelPath, cancellationToken: None);

        Compare(inspection, FashionExample.ModelPath, FashionExample.TrainingImages(0, 64));
    }

    [Fact]
    public void The_expected_sizes_of_an_encoder_are_those_that_are_written_whether_its_weights_are_read_or_not()
    {
        using TemporaryFolder folder = new();
        string model = EncoderModel.Make(2000, 64, 128, 2).Save(Path.Combine(folder.FullName, "encoder.onnx"));

        ModelInspection inspection = ModelInspector.Inspect(model, cancellationToken: None);
        ModelInspection large = ModelInspector.Inspect(model, new InspectionOptions { LargestInMemory = 1 }, None);

        inspection.Kind.Should().Be(ModelKind.TextEncoder);
        Compare(inspection, model, EncoderModel.Samples(8, 16, 2000));
        Compare(large, model, EncoderModel.Samples(8, 16, 2000));
    }

    [Theory]
    [MemberData(nameof(Zoo))]
    public void The_expected_sizes_of_real_models_are_those_that_are_written(string name)
    {
        string model = SharedFolder.Models("zoo", $"{name}.onnx");

        ModelInspection inspection = ModelInspector.Inspect(model, cancellationToken: None);

        Compare(inspection, model, null);
    }

    [Theory]
    [MemberData(nameof(Zoo))]
    public void The_expected_size_of_static_int8_of_real_models_is_that_which_is_written(string name)
    {
        string model = SharedFolder.Models("zoo", $"{name}.onnx");
        ISampleSource samples = SampleSource.FromEnumerable(GeneratedSamples.Make(model, null, 2, None));
        using MemoryStream stream = new();

        PtqResult written = PostTrainingQuantizer.Quantize(
            model, samples, ModelOutput.ToStream(stream), new PtqOptions { LatencyRuns = 0, Refine = false }, cancellationToken: None);

        long expected =
            ModelInspector.Inspect(model, cancellationToken: None).Ways.Single(way => way.Way == QuantizationWay.StaticInt8).Bytes!.Value;
        ((double)expected).Should().BeApproximately(written.OutputBytes, 0.03 * written.OutputBytes);
    }

    [Theory]
    [InlineData("fastestdet", ModelKind.ImageDetector)]
    [InlineData("openseeface-landmarks", ModelKind.ImageDetector)]
    [InlineData("openseeface-detection", ModelKind.ImageDetector)]
    [InlineData("yolox-nano", ModelKind.ImageDetector)]
    [InlineData("super-resolution", ModelKind.ImageToImage)]
    [InlineData("basic-pitch", ModelKind.Audio)]
    public void The_kinds_of_real_models(string name, ModelKind kind) =>
        ModelInspector.Inspect(SharedFolder.Models("zoo", $"{name}.onnx"), cancellationToken: None).Kind.Should().Be(kind);

    [Fact]
    public void A_plan_of_each_way_is_carried_out_as_the_way_itself()
    {
        using TemporaryFolder folder = new();
        string model = EncoderModel.Make(500, 32, 64, 1).Save(Path.Combine(folder.FullName, "encoder.onnx"));
        ModelCalibration calibration = ModelCalibrator.Calibrate(model, EncoderModel.Samples(8, 16, 500));
        foreach (QuantizationWay way in Enum.GetValues<QuantizationWay>())
        {
            string output = Path.Combine(folder.FullName, $"{way}.onnx"), expected = Path.Combine(folder.FullName, $"{way}.expected.onnx");
            QuantizationPlan plan = ModelInspector.Plan(model, way);

            PostTrainingQuantizer.Quantize(model, plan, output, way == QuantizationWay.StaticInt8
                ? calibration
                : null, new PtqOptions { LatencyRuns = 0 }, cancellationToken: None);

            _ = way switch
            {
                QuantizationWay.StaticInt8 => PostTrainingQuantizer.Quantize(
                    model, calibration, expected, new PtqOptions { LatencyRuns = 0 }, cancellationToken: None),
                QuantizationWay.DynamicInt8 => DynamicQuantizer.Quantize(model, expected, cancellationToken: None),
                QuantizationWay.WeightsInt8 => WeightQuantizer.Quantize(model, expected, cancellationToken: None),
                QuantizationWay.WeightsInt4 =>
                    WeightQuantizer.Quantize(model, expected, new WeightOnlyOptions { Bits = 4 }, cancellationToken: None),
                _ => HalfPrecisionConverter.Convert(model, expected, cancellationToken: None),
            };
            File.ReadAllBytes(output).Should().Equal(File.ReadAllBytes(expected), "{0}", way);
        }
    }

    [Fact]
    public void A_quantized_model_tells_its_encodings_and_what_does_not_fuse()
    {
        using TemporaryFolder folder = new();
        string output = Path.Combine(folder.FullName, "int8.onnx");
        PtqResult result = PostTrainingQuantizer.Quantize(
            FashionExample.ModelPath, FashionExample.Calibration, output, new PtqOptions { LatencyRuns = 0 }, cancellationToken: None);

        ModelInspection inspection = ModelInspector.Inspect(output, cancellationToken: None);

        inspection.IsQuantized.Should().BeTrue();
        inspection.Encodings.Keys.Should().Equal("QDQ");
        inspection.Int8Operators.Should().BeEquivalentTo(result.Int8Operators);
        inspection.Unfused.Should().BeEquivalentTo(result.ConversionKinds);
        inspection.Ways.Should().BeEmpty();
    }

    [Fact]
    public void Blocks_tell_their_bits()
    {
        using TemporaryFolder folder = new();
        string model = EncoderModel.Make(500, 32, 64, 1).Save(Path.Combine(folder.FullName, "encoder.onnx")),
            output = Path.Combine(folder.FullName, "int4.onnx");
        WeightQuantizer.Quantize(model, output, new WeightOnlyOptions { Bits = 4 }, cancellationToken: None);

        ModelInspection inspection = ModelInspector.Inspect(output, cancellationToken: None);

        inspection.Encodings.Should().Contain("MatMulNBits, 4 bits in blocks of 32", 6);
        inspection.IsQuantized.Should().BeTrue();
    }

    [Fact]
    public void The_JSON_has_every_way()
    {
        using JsonDocument facts = JsonDocument.Parse(ModelInspector.Inspect(FashionExample.ModelPath, cancellationToken: None).ToJson());

        facts.RootElement.GetProperty("kind").GetString().Should().Be("ImageClassifier");
        facts.RootElement.GetProperty("ways").EnumerateArray().Select(way => way.GetProperty("way").GetString())
            .Should().Equal("StaticInt8", "DynamicInt8", "WeightsInt8", "WeightsInt4", "Half");
    }

    [Fact]
    public void A_missing_a_damaged_and_a_cancelled_model()
    {
        using TemporaryFolder folder = new();
        string damaged = folder.Write("damaged.onnx", File.ReadAllBytes(FashionExample.ModelPath)[..1000]);

        FluentActions.Invoking(() => ModelInspector.Inspect(Path.Combine(folder.FullName, "none.onnx"))).Should()
            .Throw<FileNotFoundException>().WithMessage("*none.onnx*");
        FluentActions.Invoking(() => ModelInspector.Inspect(damaged)).Should().Throw<OnnxModelException>().WithMessage($"{damaged}: *");
        FluentActions.Invoking(
            () => ModelInspector.Inspect(FashionExample.ModelPath, cancellationToken: new CancellationToken(true))).Should()
            .Throw<OperationCanceledException>();
    }

    /// <summary>Writes the model in every way, those with samples only where there are some, and compares sizes and nodes.</summary>
    private static void Compare(ModelInspection inspection, string model, SampleList? samples)
    {
        foreach (InspectedWay way in inspection.Ways)
        {
            using MemoryStream stream = new();
            ModelOutput output = ModelOutput.ToStream(stream);
            PtqResult? written = way.Way switch
            {
                QuantizationWay.StaticInt8 => samples is null
                    ? null
                    : PostTrainingQuantizer.Quantize(model, samples, output, new PtqOptions { LatencyRuns = 0 }, cancellationToken: None),
                QuantizationWay.DynamicInt8 => DynamicQuantizer.Quantize(model, output, cancellationToken: None),
                QuantizationWay.WeightsInt8 => WeightQuantizer.Quantize(model, output, cancellationToken: None),
                QuantizationWay.WeightsInt4 =>
                    WeightQuantizer.Quantize(model, output, new WeightOnlyOptions { Bits = 4 }, cancellationToken: None),
                _ => HalfPrecisionConverter.Convert(model, output, cancellationToken: None),
            };
            if (written is not null)
            {
                ((double)way.Bytes!.Value).Should()
                    .BeApproximately(written.OutputBytes, 0.03 * written.OutputBytes, $"{way.Way} of {model}");
                way.Nodes.Should().Be(written.QuantizedNodes.Count, $"{way.Way} of {model}");
                way.Float.Sum(group => group.Nodes).Should().Be(written.FloatNodes.Count, $"{way.Way} of {model}");
            }
        }
    }
}
