using System.Globalization;
using Quantization.Images;
using Quantization.Onnx;

namespace Quantization.Tool.Tests;

/// <summary>Models that are too large to be run as a whole unless the user asks for it.</summary>
public sealed class LargeModelTests : IDisposable
{
    private readonly FashionFolder _folder = new(images: 6);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_large_model_is_measured_on_samples_that_are_named_for_that()
    {
        DataFreeRequest request = new()
        {
            ModelPath = _folder.Model,
            Data = new DataRequest(_folder.Samples, null, false, ImageOptions.None, []),
            OutputPath = _folder.Output,
            Options = new WeightOnlyOptions { Bits = 4, BlockSize = 16, Method = WeightMethod.Gptq, LatencyRuns = 0 },
            BatchSize = 1,
            Threads = 1,
            Report = new ReportRequest(null, null, IsJson: false, IsQuiet: true, IsVerbose: false),
            LargestMeasured = 100_000,
        };

        Run(request).Should()
            .Contain("nothing was measured, because running a model of 267.5 KB takes as much memory. Give --evaluate DIR to measure.")
            .And.NotContain("Agreement");
        Run(request with { LargestMeasured = 1_000_000 }).Should().Contain("Agreement");
        Run(request with { EvaluationPath = _folder.Samples }).Should().Contain("Agreement");
    }

    private static string Run(DataFreeRequest request)
    {
        using StringWriter output = new(CultureInfo.InvariantCulture), error = new(CultureInfo.InvariantCulture);
        DataFreeRun.Run(new ToolConsole(output, error), request, TestContext.Current.CancellationToken).Should().Be(0, error.ToString());
        return string.Join(' ', output.ToString().Split(default(char[]), StringSplitOptions.RemoveEmptyEntries));
    }
}
