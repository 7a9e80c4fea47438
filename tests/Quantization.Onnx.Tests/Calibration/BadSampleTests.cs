using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Calibration;

public sealed class BadSampleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void No_sample_at_all()
    {
        string model = ModelBuilder.Linear().Save(_folder.PathTo("model.onnx"));
        FluentActions.Invoking(() => ModelCalibrator.Calibrate(model, new SampleList([]))).Should()
            .Throw<ArgumentException>().WithMessage("There is no sample to calibrate with; give at least one.*");
    }

    [Fact]
    public void A_model_with_nothing_to_quantize_names_the_way_out()
    {
        string model = new ModelBuilder().Input("x", -1, 4).Output("y", -1, 4).Node("Relu", ["x"], "y").Save(_folder.PathTo("model.onnx"));
        SampleList samples = new([Sample("one.npy", 1)]);
        string copy = _folder.PathTo("out.onnx");

        FluentActions.Invoking(() => ModelCalibrator.Calibrate(model, samples)).Should().Throw<OnnxModelException>()
            .WithMessage($"{model}: there is nothing to quantize, and so nothing to calibrate: the model has no Conv, ConvTranspose, Gemm "
                + "or MatMul, and no table of embeddings. Use the model as it is; quantizing it without a calibration copies it.");
        PostTrainingQuantizer.Quantize(model, samples, copy).Warnings.Should()
            .ContainSingle().Which.Message.Should().StartWith("There was nothing to quantize");
        File.ReadAllBytes(copy).Should().Equal(File.ReadAllBytes(model));
    }

    [Fact]
    public void A_model_whose_nodes_all_stay_in_float_names_the_reasons()
    {
        ModelBuilder builder = new ModelBuilder().Input("x", 2, 2).Output("y", 2, 2).Constant("w", new float[4], 2, 2);
        builder.Node("MatMul", ["x", "x"], "a").Node("MatMul", ["a", "x"], "b").Node(
            "Gemm", ["b", "w"], "y", new AttributeProto { Name = "alpha", Type = AttributeProto.Types.AttributeType.Float, F = 0.5f });
        string model = builder.Save(_folder.PathTo("model.onnx"));
        SampleList samples = new(
            [
                new ModelSample("one", SampleTensor.Create<float>("x", [1, 2, 3, 4], 2, 2)),
                new ModelSample("two", SampleTensor.Create<float>("x", [4, 3, 2, 1], 2, 2))
            ]);
        const string Reasons =
            "each Conv, ConvTranspose, Gemm, MatMul and table of embeddings stays in float, 'a-node' and 1 more: both its operands are "
                + "computed, and converting them takes the time that integers save; 'y-node': its alpha or beta is not 1";

        FluentActions.Invoking(() => ModelCalibrator.Calibrate(model, samples)).Should().Throw<OnnxModelException>()
            .WithMessage($"{model}: there is nothing to quantize, and so nothing to calibrate: {Reasons}. Use the model as it is; "
                + "quantizing it without a calibration copies it.");
        FluentActions.Invoking(() => PtqSearch.Run(model, samples, samples, _folder.PathTo("out.onnx"))).Should()
            .Throw<OnnxModelException>()
            .WithMessage($"{model}: there is nothing to quantize, and so nothing to calibrate: {Reasons}. *");
        PostTrainingQuantizer.Quantize(model, samples, _folder.PathTo("out.onnx")).Warnings.Should().ContainSingle()
            .Which.Message.Should().StartWith($"There was nothing to quantize, so the output is the float model: {Reasons}. ");
    }

    [Fact]
    public void An_activation_that_is_not_of_floats_is_named()
    {
        string model = new ModelBuilder().Input("x", -1, 4).Output("y", -1, 3).Constant("w", new float[12], 4, 3)
            .Node("Identity", ["x"], "z").Node("MatMul", ["z", "w"], "y").Save(_folder.PathTo("model.onnx"));
        FloatModel loaded = StaticInt8Recipe.Load(model, null, TargetRuntime.OnnxRuntimeCpu);
        Observation observation = new(
            loaded, Sample("one.npy", 1), ["z"], new Dictionary<string, TensorStatistics>(), NonFiniteValues.Throw, null);

        FluentActions.Invoking(() => observation.See(0, new RuntimeTensor(7, 0, []))).Should()
            .Throw<OnnxModelException>().WithMessage($"{model}: activation 'z' is not of 32-bit floats.");
        observation.Dispose();
    }

    [Fact]
    public void NaN_in_a_sample_names_the_sample_and_the_input()
    {
        string model = ModelBuilder.Linear().Save(_folder.PathTo("model.onnx"));
        SampleList samples = new([new ModelSample("cat.npy", SampleTensor.Create<float>("x", [0, 1, float.NaN, 3], 4))]);
        FluentActions.Invoking(() => ModelCalibrator.Calibrate(model, samples)).Should().Throw<InvalidDataException>()
            .WithMessage("cat.npy: element 2 of input 'x' is NaN or infinite; remove the sample or repair its values.");
    }

    [Fact]
    public void NaN_that_the_model_computes_names_the_sample_and_the_activation()
    {
        string model = Logarithm().Save(_folder.PathTo("model.onnx"));
        SampleList samples = new([Sample("good.npy", 1), Sample("bad.npy", -1)]);
        FluentActions.Invoking(() => ModelCalibrator.Calibrate(model, samples)).Should().Throw<InvalidDataException>()
            .WithMessage($"bad.npy: activation 'z' of {model} holds NaN at element 1, computed in float from finite inputs; remove the "
                + "sample, repair the model, or calibrate with CalibrationOptions.NonFinite = NonFiniteValues.Ignore.");
    }

    [Fact]
    public void Infinity_that_the_model_computes_can_be_ignored()
    {
        string model = Logarithm().Save(_folder.PathTo("model.onnx"));
        CalibrationOptions options = new() { NonFinite = NonFiniteValues.Ignore };

        ModelCalibration calibration = ModelCalibrator.Calibrate(model, new SampleList([Sample("zero.npy", 0)]), options);

        calibration.Activations["z"].NonFiniteCount.Should().Be(1);
        calibration.Activations["z"].Count.Should().Be(3);
        PostTrainingQuantizer.Quantize(model, calibration, _folder.PathTo("out.onnx")).QuantizedNodes.Should().Equal("y-node");
    }

    [Fact]
    public void A_sample_that_the_model_cannot_run_is_named()
    {
        string model = new ModelBuilder().Input("x", -1, 4).Output("y", -1, 3).Constant("w", new float[12], 4, 3)
            .Integers("shape", [7, 4], 2)
            .Node("Reshape", ["x", "shape"], "z").Node("MatMul", ["z", "w"], "y").Save(_folder.PathTo("model.onnx"));
        FluentActions.Invoking(() => ModelCalibrator.Calibrate(model, new SampleList([Sample("one.npy", 1)]))).Should()
            .Throw<InvalidDataException>()
            .WithMessage($"one.npy: ONNX Runtime cannot run {model} on this sample: *Reshape*");
    }

    private static ModelBuilder Logarithm() =>
        new ModelBuilder().Input("x", -1, 4).Output("y", -1, 3).Constant("w", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 4, 3)
            .Node("Log", ["x"], "z").Node("MatMul", ["z", "w"], "y");

    private static ModelSample Sample(string name, float second) => new(name, SampleTensor.Create<float>("x", [1, second, 2, 3], 4));
}
