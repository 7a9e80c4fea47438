using System.CommandLine;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary><c>quantize dequantize</c>: a quantized model made float again.</summary>
internal static class DequantizeCommand
{
    public const string Name = "dequantize";

    public static Command Create(ToolConsole console, CancellationToken cancellation)
    {
        Argument<string> model = new("model") { Description = "The quantized ONNX model.", HelpName = "model.int8.onnx" };
        Option<string> output = CommonOptions.Output(
            "model.float.onnx", "The float model to write. It appears whole or not at all; an existing file is replaced.");
        Command command = new(Name, "Makes a quantized model float again, to look for errors or to quantize in another way: weights become "
            + "the floats that their codes stand for, and activations are no longer rounded.")
        {
            model,
            output,
        };
        command.SetAction(parsed => Run(console, parsed.GetRequiredValue(model), parsed.GetRequiredValue(output), cancellation));
        return command;
    }

    private static int Run(ToolConsole console, string modelPath, string outputPath, CancellationToken cancellation)
    {
        if (OutputPath.IsSame(modelPath, outputPath))
        {
            throw new UsageException($"--output {outputPath} is the quantized model itself, which would be lost; name another file.");
        }

        if (File.Exists(outputPath)
            && ModelDataFiles.Find(modelPath).FirstOrDefault(input => OutputPath.IsSame(input, outputPath)) is { } taken)
        {
            throw new UsageException($"--output {outputPath} is the input {taken}, which would be lost; name another file.");
        }

        using OutputFile output = OutputFile.Open(outputPath);
        DequantizationResult result = ProgressView.Show(console, view =>
        {
            view.Begin("Turning codes back into floats");
            return output.Write(path => ModelDequantizer.Dequantize(modelPath, path, cancellationToken: cancellation));
        });
        cancellation.ThrowIfCancellationRequested();
        output.Commit();
        console.WriteLine($"{Figures.Count(result.Weights, "constant")} of codes became floats, "
            + $"{Figures.Count(result.Activations, "activation")} no longer rounded. The rounding of the weights cannot be undone.");
        if (result.RestoredRelus > 0)
        {
            console.WriteLine($"{Figures.Count(result.RestoredRelus, "Relu")} added where codes begin at 0, because the quantizer clipped "
                + "negative values there.");
        }

        console.WriteLine($"Wrote {outputPath}: {Figures.Bytes(result.OutputBytes, result.ModelBytes)}");
        return ExitCode.Success;
    }
}
