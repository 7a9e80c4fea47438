namespace Quantization.Fuzz.Faults;

/// <summary>A command of the tool, as it is run while something goes wrong.</summary>
/// <param name="Name">The command.</param>
/// <param name="Arguments">The arguments, the command's name among them.</param>
/// <param name="Outputs">The files that it writes, by path from the folder of outputs, which is the working folder.</param>
internal sealed record ToolCase(string Name, string[] Arguments, params string[] Outputs)
{
    /// <summary>What is in a file before a command replaces it.</summary>
    public static byte[] Earlier { get; } = [.. "earlier"u8];

    /// <summary>Every command.</summary>
    /// <param name="folder">The folder that they run in.</param>
    public static IReadOnlyList<ToolCase> All(ToolFolder folder) =>
    [
        new("inspect", ["inspect", folder.Model, "--way", "dynamic", "--save-plan", "plan.json"], "plan.json"),
        // Half precision loses least by far, and size is the whole budget: which way wins does not hang on measured times.
        new("auto", ["auto", folder.Model, "--data", folder.Samples, "--max-bytes", "0.99", "--output", "m.onnx"], "m.onnx"),
        new(
            "ptq",
            ["ptq", folder.Model, "--data", folder.Samples, "--output", "m.onnx", "--save-plan", "plan.json"],
            "m.onnx",
            "plan.json"),
        new(
            "report",
            ["ptq", folder.Model, "--state", folder.State, "--output", "m.onnx", "--report", "report.html"],
            "m.onnx",
            "report.html"),
        new("dynamic", ["dynamic", folder.Model, "--data", folder.Samples, "--output", "m.onnx"], "m.onnx"),
        new(
            "weights",
            ["weights", folder.Model, "--bits", "4", "--block", "16", "--method", "gptq", "--data", folder.Samples, "--output", "m.onnx"],
            "m.onnx"),
        new("search", ["search", folder.Model, "--data", folder.Samples, "--output", "m.onnx"], "m.onnx"),
        new(
            "partial",
            ["partial", folder.Model, "--data", folder.Samples, "--reach", "40", "--ranking-samples", "4", "--output", "m.onnx"],
            "m.onnx"),
        new("half", ["half", folder.Model, "--data", folder.Samples, "--output", "m.onnx"], "m.onnx"),
        new("compare", ["compare", folder.Model, folder.Quantized, "--data", folder.Samples]),
        new("dequantize", ["dequantize", folder.Quantized, "--output", "m.onnx"], "m.onnx"),
        new("calibrate", ["calibrate", folder.Model, "--data", folder.Samples, "--state", "c.qcal"], "c.qcal"),
        new("merge", ["merge", folder.State, folder.OtherState, "--state", "c.qcal"], "c.qcal"),
        new("example", [], "quantized/fashion-mobilenet.int8.onnx"),
    ];

    /// <summary>Whether an output may replace any file: states, plans and reports replace only their own kind.</summary>
    public static bool HasEarlier(string output) => output.EndsWith(".onnx", StringComparison.Ordinal);

    /// <summary>Whether an output has the same bytes in every run: pages tell measured times.</summary>
    public static bool IsRepeatable(string output) => !output.EndsWith(".html", StringComparison.Ordinal);
}
