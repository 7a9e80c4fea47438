using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Refining;

/// <summary>Where columns of an input differ much in size, scaling them brings the quantized model nearer to the float one.</summary>
public sealed class SmoothingTests : IDisposable
{
    private const int Width = 32;

    private readonly TemporaryFolder _folder = new();

    private string Output => _folder.PathTo("out.onnx");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Columns_of_very_different_size_are_scaled(bool isDynamic)
    {
        string path = Uneven().Save(_folder.PathTo("model.onnx"));

        PtqResult plain = Quantize(path, isDynamic, refine: false);
        double before = Noise(path);
        PtqResult refined = Quantize(path, isDynamic, refine: true);

        plain.Refinement.Should().BeNull();
        refined.Refinement!.ScaledInputs.Should().Be(refined.Plan.InputScalings.Length).And.BePositive();
        refined.Refinement.LossAfter.Should().BeLessThan(refined.Refinement.LossBefore / 3);
        Noise(path).Should().BeLessThan(before / 3, "other samples show it too");
        refined.Plan.InputScalings.Should()
            .Contain(scaling => scaling.Value == "n" && scaling.Exponents[3] - scaling.Exponents[4] >= 3, "column 3 is the large one");
        refined.QuantizedNodes.Should().Contain(["p-node", "q-node"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_plan_gives_the_same_bytes_and_so_does_a_second_run(bool isDynamic)
    {
        string path = Uneven().Save(_folder.PathTo("model.onnx")), planPath = _folder.PathTo("plan.json"),
            again = _folder.PathTo("again.onnx");
        QuantizationPlan plan = Quantize(path, isDynamic, refine: true).Plan;
        plan.Save(planPath);

        QuantizationPlan read = QuantizationPlan.Load(planPath);
        PostTrainingQuantizer.Quantize(path, read, again);

        read.Should().Be(plan);
        read.Hash.Should().Be(plan.Hash).And.NotBe((plan with { InputScalings = [] }).Hash);
        File.ReadAllBytes(again).Should().Equal(File.ReadAllBytes(Output));
        Quantize(path, isDynamic, refine: true);
        File.ReadAllBytes(again).Should().Equal(File.ReadAllBytes(Output));
    }

    [Fact]
    public void Even_columns_are_left_alone() =>
        Quantize(Even().Save(_folder.PathTo("model.onnx")), isDynamic: true, refine: true).Plan.InputScalings.Should().BeEmpty();

    [Fact]
    public void Few_samples_decide_nothing() => DynamicQuantizer
        .Quantize(Uneven().Save(_folder.PathTo("model.onnx")), RandomTensors.Samples(7, 1, 6, Width), Output).Refinement.Should().BeNull();

    [Fact]
    public void No_sample_is_refused() => FluentActions
        .Invoking(() => DynamicQuantizer.Quantize(Uneven().Save(_folder.PathTo("model.onnx")), new SampleList([]), Output))
        .Should().Throw<ArgumentException>().WithMessage("There is no sample to refine the model on*");

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(40, false)]
    [InlineData(40, true)]
    public void The_estimated_noise_is_that_of_rounding(float largest, bool isDynamic)
    {
        const int Outputs = 24, Rows = 64;
        float[] weights = RandomTensors.Normal(1, Width * Outputs, 0.2), rows = RandomTensors.Normal(2, Rows * Width);
        float[] factors = [.. Enumerable.Range(0, Width).Select(i => MathF.ScaleB(1, i % 3))];
        for (int i = 3; i < rows.Length; i += Width)
        {
            rows[i] *= largest;
        }

        InputColumns columns = new(Width, keptRows: Rows);
        columns.Add(rows);
        MatrixReader reader = new(TensorData.Make<float>(TensorProto.Types.DataType.Float, weights, Width, Outputs), isTransposed: false);
        TensorEncoding encoding = new(
            CodeFormat.Int8.Restricted, QuantizationScheme.Symmetric, GranularityKind.PerChannel, new OwnRange(new MaxCalibrator()));

        double estimated = new SmoothingProblem(columns, [new SmoothingMatrix(reader, encoding)], isDynamic).NoiseOf(factors);
        double clipped = new SmoothingProblem(columns, [new SmoothingMatrix(reader, encoding)], isDynamic: true).NoiseOf(factors);

        // A range that is fixed may be clipped where that is better, never where it is worse.
        estimated.Should().BeLessThanOrEqualTo(clipped * 1.0001);
        clipped.Should().BeInRange(0.8 * Measure(rows, weights, factors, Outputs), 1.25 * Measure(rows, weights, factors, Outputs));
    }

    /// <summary>The mean over rows of the squared error of all outputs, by rounding the input and the weights as they are.</summary>
    private static double Measure(float[] rows, float[] weights, float[] factors, int outputs)
    {
        double[] x = [.. rows.Select((value, i) => (double)value / factors[i % Width])],
            w = [.. weights.Select((value, i) => (double)value * factors[i / outputs])];
        double step = (x.Max() - x.Min()) / 255, sum = 0;
        double[] steps =
            [.. Enumerable.Range(0, outputs).Select(n => Enumerable.Range(0, Width).Max(k => Math.Abs(w[k * outputs + n])) / 127)];
        for (int row = 0; row < rows.Length / Width; row++)
        {
            for (int n = 0; n < outputs; n++)
            {
                double error = 0;
                for (int k = 0; k < Width; k++)
                {
                    double value = x[row * Width + k], weight = w[k * outputs + n];
                    error += Math.Round(value / step) * step * Math.Round(weight / steps[n]) * steps[n] - value * weight;
                }

                sum += error * error;
            }
        }

        return sum / (rows.Length / Width);
    }

    private PtqResult Quantize(string path, bool isDynamic, bool refine)
    {
        SampleList samples = RandomTensors.Samples(24, 1, 6, Width);
        return !isDynamic ? PostTrainingQuantizer.Quantize(path, samples, Output, new PtqOptions { Refine = refine })
            : refine ? DynamicQuantizer.Quantize(path, samples, Output)
            : DynamicQuantizer.Quantize(path, Output);
    }

    /// <summary>A normalization with one column sixty times as large, which two matrices and the sum behind them read.</summary>
    private static ModelBuilder Uneven()
    {
        float[] scale = [.. Enumerable.Range(0, Width).Select(i => i == 3 ? 60f : 1f)];
        float[] weights = [.. RandomTensors.Normal(1, Width * Width, 0.2).Select((weight, i) => i / Width == 3 ? weight / 60 : weight)];
        return Even().With(scale, weights);
    }

    private static ModelBuilder Even() => new ModelBuilder(17).Input("x", 1, 6, Width).Output("y", 1, 6, Width)
        .Constant("g", [.. Enumerable.Repeat(1f, Width)], Width).Constant("w", RandomTensors.Normal(1, Width * Width, 0.2), Width, Width)
        .Constant("u", RandomTensors.Normal(2, Width * Width, 0.2), Width, Width).Constant("back", [.. Enumerable.Repeat(1f, Width)], Width)
        .Node("LayerNormalization", ["x", "g"], "n").Node("MatMul", ["n", "w"], "p").Node("Sigmoid", ["p"], "s")
        .Node("MatMul", ["s", "u"], "q")
        .Node("Mul", ["n", "back"], "r").Node("Add", ["q", "r"], "y");

    /// <summary>The share of noise in the outputs of samples that did not calibrate.</summary>
    private double Noise(string path)
    {
        EvaluationResult result = ModelEvaluator.Evaluate(
            path, [Output], new SampleList([.. RandomTensors.Samples(40, 1, 6, Width).Skip(24)]));
        return Math.Pow(10, -result.Candidates[0].SignalToNoise!.Value / 10);
    }
}

/// <summary>Changes for <see cref="SmoothingTests"/>.</summary>
file static class Changes
{
    /// <summary>The model with other constants; the residual is brought back to size, so that it does not hide the rest.</summary>
    public static ModelBuilder With(this ModelBuilder model, float[] scale, float[] weights)
    {
        Set("g", scale);
        Set("w", weights);
        Set("back", [.. scale.Select(each => 0.01f / each)]);
        return model;

        void Set(string name, float[] values)
        {
            TensorProto tensor = model.Graph.Initializer.Single(each => each.Name == name);
            tensor.RawData = TensorData.Make<float>(TensorProto.Types.DataType.Float, values, tensor.Dims).RawData;
        }
    }
}
