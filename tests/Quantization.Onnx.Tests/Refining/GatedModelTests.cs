using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Refining;

/// <summary>Closed gates leave the float model as it is; open ones round each activation as the codes of the plan do.</summary>
public sealed class GatedModelTests : IDisposable
{
    private static readonly SampleList Samples = RandomTensors.Samples(4, GraphCases.ImageShape);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("relu between")]
    [InlineData("residual")]
    [InlineData("swish")]
    [InlineData("max pool")]
    [InlineData("result read and returned")]
    [InlineData("flatten and gemms")]
    public void Gates_are_open_or_closed(string name)
    {
        string path = GraphCases.Make(name).Save(_folder.PathTo("model.onnx"));
        FloatModel model = StaticInt8Recipe.Load(path, null, TargetRuntime.OnnxRuntimeCpu);
        TrialModels models = new(model, ModelCalibrator.Calibrate(path, Samples));
        QuantizationPlan plan = models.Plan(new PtqOptions());
        GatedModel gated = GatedModel.Make(model, plan, models.Resolve(plan));
        FloatReference reference = new(model, [.. Samples], null, CancellationToken.None);

        double[] closed = Losses(reference, gated, open: false), open = Losses(reference, gated, open: true);

        closed.Should().OnlyContain(loss => loss < 1e-12, "ONNX Runtime joins other operators where there are no gates");
        using InferenceSession simulated = reference.Open(models.MakeWithFloatWeights(plan).Write(), simulate: true);
        open.Should().Equal(reference.Losses(simulated, reference.Count, new Dictionary<string, OrtValue>(), CancellationToken.None));
        open.Should().OnlyContain(loss => loss > 0);
    }

    private static double[] Losses(FloatReference reference, GatedModel gated, bool open)
    {
        using InferenceSession session = reference.Open(gated.Model, simulate: true);
        using OrtValue gate = OrtValue.CreateTensorValueFromMemory(new[] { open }, []);
        return reference.Losses(session, reference.Count, gated.Gates.Values.ToDictionary(name => name, _ => gate), CancellationToken.None);
    }
}
