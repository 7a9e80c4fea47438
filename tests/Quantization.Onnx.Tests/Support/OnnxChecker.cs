using System.Diagnostics;

namespace Quantization.Onnx.Tests;

/// <summary>ONNX's own checker, as Debian packages it. It knows operator sets up to 17 and file format versions up to 8.</summary>
internal static class OnnxChecker
{
    private const string Script = """
        import sys, onnx
        for path in sys.stdin.read().splitlines():
            model = onnx.load(path)
            newest = max(opset.version for opset in model.opset_import if opset.domain in ("", "ai.onnx"))
            if newest > 17 or model.ir_version > 8:
                print("beyond", path)
                continue
            try:
                onnx.checker.check_model(path)
                print("accepted", path)
            except Exception as error:
                print("refused", path, " ".join(str(error).split()))
        """;

    /// <summary>Checks files: how many the checker accepts and how many it is too old for, and what it says of the others.</summary>
    public static (int Accepted, int Beyond, string[] Refused) Check(IEnumerable<string> paths)
    {
        Prerequisite.DebianFile("/usr/lib/python3/dist-packages/onnx/checker.py", "python3-onnx");
        ProcessStartInfo start = new(
            "/usr/bin/python3",
            ["-c", Script]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process python = Process.Start(start)!;
        Task<string> output = python.StandardOutput.ReadToEndAsync(), errors = python.StandardError.ReadToEndAsync();
        python.StandardInput.Write(string.Join('\n', paths));
        python.StandardInput.Close();
        python.WaitForExit();
        python.ExitCode.Should().Be(0, errors.Result);
        string[] lines = output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return (lines.Count(line => line.StartsWith("accepted", StringComparison.Ordinal)), lines.Count(
            line => line.StartsWith("beyond", StringComparison.Ordinal)),
            [.. lines.Where(line => line.StartsWith("refused", StringComparison.Ordinal))]);
    }
}
