using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;
using static Quantization.Onnx.Protos.TensorProto.Types;

namespace Quantization.Onnx.Tests.Evaluation;

/// <summary>
/// Models whose outputs are floats of other widths than 32 bits are compared, searched and quantized in part as others are.
/// </summary>
public sealed class FloatOutputTests : IDisposable
{
    private static readonly SampleList Samples = RandomTensors.Samples(8, GraphCases.ImageShape),
        Unseen = new([.. RandomTensors.Samples(12, GraphCases.ImageShape).Skip(8)]);

    private readonly TemporaryFolder _folder = new();

    private string Model => _folder.PathTo("model.onnx");

    private string Output => _folder.PathTo("out.onnx");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Float16")]
    [InlineData("Bfloat16")]
    [InlineData("Double")]
    public void Outputs_are_compared_as_32_bit_floats(string type)
    {
        Make(type).Save(Model);
        PtqResult quantized = PostTrainingQuantizer.Quantize(Model, Samples, Output);

        ModelScore score = ModelEvaluator.Evaluate(Model, [Output], Unseen).Candidates.Single();

        quantized.Int8Nodes.Should().Be(2);
        score.Outputs.Single(output => output.Name == "z").SignalToNoise.Value
            .Should().BeApproximately(Decibels.Sqnr(Run(Model), Run(Output)), 1e-9).And.BeGreaterThan(25);
    }

    [Theory]
    [InlineData("Float16")]
    [InlineData("Bfloat16")]
    [InlineData("Double")]
    public void The_search_ranks_by_them(string type)
    {
        Make(type).Save(Model);
        List<float> seen = [];
        ModelMetric metric = ModelMetric.Create("last", outputs =>
        {
            float[] values = [.. outputs.SelectMany(output => output.GetValues("z").ToArray())];
            lock (seen)
            {
                seen.AddRange(values);
            }

            return values[^1];
        });
        SearchOptions options = new()
        {
            ActivationCalibrators = [new MaxCalibrator()],
            WeightCalibrators = [new MaxCalibrator()],
            PerTensorTrials = 0,
            Metric = metric
        };

        SearchResult result = PtqSearch.Run(Model, Samples, Unseen, Output, options);

        result.Best.Score.SignalToNoise.Should().BeGreaterThan(25);
        seen.Should().Contain(Run(Output).Last());
    }

    [Theory]
    [InlineData("Float16")]
    [InlineData("Double")]
    public void Layers_are_left_in_float_by_them(string type)
    {
        Make(type).Save(Model);
        PartialOptions options = new() { Target = PartialTarget.Reach(100), Metric = ModelMetric.SignalToNoise, Steps = [] };

        PartialResult result = PartialQuantizer.Run(Model, Samples, Unseen, Output, options);

        result.IsTargetMet.Should().BeTrue();
        result.Written.FloatLayers.Should().HaveCount(2, "no quantized layer keeps the noise below 100 dB");
        LayerComparer.Compare(Model, result.Calibration, Unseen).Should()
            .HaveCount(2).And.OnlyContain(layer => layer.OwnSignalToNoise > 25);
    }

    private static ModelBuilder Make(string type)
    {
        DataType element = Enum.Parse<DataType>(type);
        ModelBuilder model = GraphCases.Make("relu between").Cast("y", "z", element);
        model.Graph.Output[0].Name = "z";
        model.Graph.Output[0].Type.TensorType.ElemType = (int)element;
        return model;
    }

    /// <summary>The outputs for the unseen samples.</summary>
    private static float[] Run(string path)
    {
        using InferenceSession session = new(path);
        using RunOptions run = new();
        List<float> values = [];
        foreach (ModelSample sample in Unseen)
        {
            using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, bound.Inputs, ["z"]);
            values.AddRange(outputs[0].GetTensorTypeAndShape().ElementDataType switch
            {
                Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float16 =>
                    Array.ConvertAll(outputs[0].GetTensorDataAsSpan<Float16>().ToArray(), value => value.ToFloat()),
                Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.BFloat16 =>
                    Array.ConvertAll(outputs[0].GetTensorDataAsSpan<BFloat16>().ToArray(), value => value.ToFloat()),
                _ => Array.ConvertAll(outputs[0].GetTensorDataAsSpan<double>().ToArray(), value => (float)value),
            });
        }

        return [.. values];
    }
}
