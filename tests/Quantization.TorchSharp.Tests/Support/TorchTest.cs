using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp.Tests.Support;

/// <summary>
/// A test that needs libtorch: skipped, with the way to get it, where it does not load. Random numbers are the same each time, and tensors
/// go when the test ends.
/// </summary>
public abstract class TorchTest : IDisposable
{
    private static readonly Lazy<string?> WhyNot = new(() =>
    {
        try
        {
            using Tensor one = torch.ones(1);
            return null;
        }
        catch (Exception e) when (e is NotSupportedException or TypeInitializationException or DllNotFoundException)
        {
            return $"libtorch does not load ({e.GetBaseException().Message.Split('\n')[0]}); docs/how-to/libtorch.md, \"Where libtorch "
                + "does not load\", tells the way out.";
        }
    });

    private readonly DisposeScope? _scope;

    protected TorchTest()
    {
        Assert.SkipUnless(WhyNot.Value is null, WhyNot.Value ?? "");
        _scope = torch.NewDisposeScope();
        torch.random.manual_seed(1);
    }

    public virtual void Dispose()
    {
        _scope?.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static float[] Values(Tensor tensor)
    {
        using Tensor dense = tensor.detach().contiguous();
        return [.. dense.data<float>()];
    }

    /// <summary>What ONNX Runtime computes of an exported module, and what the module computes.</summary>
    protected static (float[] Actual, float[] Expected) Both(torch.nn.Module<Tensor, Tensor> net, Tensor input, OnnxExportOptions options)
    {
        net.eval();
        string path = Path.GetTempFileName();
        try
        {
            net.ExportOnnx(input.shape.AsSpan(1), path, options);
            using InferenceSession session = new(path);
            using OrtValue value = OrtValue.CreateTensorValueFromMemory(Values(input), input.shape);
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, [options.InputName], [value], [options.OutputName]);
            using IDisposable noGradient = torch.no_grad();
            return (results[0].GetTensorDataAsSpan<float>().ToArray(), Values(net.call(input)));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
