using System.Collections.Frozen;
using Quantization.Onnx.Tests;

namespace Quantization.Tool.Tests.Hostile;

/// <summary>
/// Models on whose quantized form ONNX Runtime aborted the process. The tool runs as a process, so that an abort fails the test.
/// </summary>
public sealed class CapturedValueTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("p2_if_only.onnx")]
    [InlineData("p2_if_only.onnx", "--per-tensor")]
    [InlineData("p2_if_only.onnx", "--runtime", "openvino")]
    [InlineData("p2_if_only.onnx", "--float-node", "v")]
    [InlineData("p5_if_and_output.onnx")]
    [InlineData("if_crash_a.onnx")]
    [InlineData("if_crash_b.onnx")]
    public void Is_quantized(string model, params string[] options)
    {
        ToolRun run = ToolRun.AsProcess(
            _folder.FullName,
            FrozenDictionary<string, string>.Empty,
            null,
            ["ptq", SharedFolder.Hostile(model), "--data", SharedFolder.Hostile("if_data"), "--output", "out.onnx", "--quiet", .. options]);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain("1 node in int8 (QLinearConv 1)").And.MatchRegex(@"\b[3-9]\d\.\d dB");
        _folder.Entries.Should().Equal("out.onnx");
    }
}
