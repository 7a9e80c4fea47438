using System.CommandLine;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary><c>quantize compare</c>: two models beside each other.</summary>
internal static class CompareCommand
{
    public const string Name = "compare";

    public static Command Create(ToolConsole console, CancellationToken cancellation)
    {
        Argument<string> first = new("first") { Description = "The model to compare with, such as the float one.", HelpName = "a.onnx" };
        Argument<string> second = new("second") { Description = "The other model, with the same inputs and outputs.", HelpName = "b.onnx" };
        Command command = new(
            Name,
            "Compares any two models with the same inputs: accuracy (with labels), agreement, signal-to-noise ratio, cosine, latency, size "
                + "and memory, and each layer whose result has the same name in both.")
        {
            first,
            second,
        };
        DataOptions data = new(command, isRequired: true, isLabelled: true, CommonOptions.ComparingData(), CommonOptions.MeasuringLabels());
        Option<int> layerSamples = new("--layer-samples")
        {
            HelpName = "N",
            Description = "How many of the samples to compare layers on; 0 compares no layers.",
            DefaultValueFactory = _ => new ComparisonOptions().LayerSamples,
            CustomParser = result => CommonOptions.ParseCount(result, "--layer-samples", least: 0),
        };
        Option<int> batch = CommonOptions.Batch();
        Option<int> threads = CommonOptions.Count("--threads", "The threads that ONNX Runtime measures with.");
        Option<bool> json = new("--json") { Description = "Write the facts to the output as JSON, instead of text for people." };
        Option<bool> quiet = new("--quiet", "-q") { Description = "Show no progress." };
        Option<bool> verbose = new("--verbose", "-v") { Description = "Show every layer, not only the noisiest ones." };
        foreach (Option option in (Option[])[layerSamples, batch, threads, json, quiet, verbose])
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed => Run(
            console,
            new CompareRequest
            {
                FirstPath = parsed.GetRequiredValue(first),
                SecondPath = parsed.GetRequiredValue(second),
                Data = data.Read(parsed),
                LayerSamples = parsed.GetValue(layerSamples),
                BatchSize = parsed.GetValue(batch),
                Threads = parsed.GetValue(threads),
                IsJson = parsed.GetValue(json),
                IsQuiet = parsed.GetValue(quiet),
                IsVerbose = parsed.GetValue(verbose),
            },
            cancellation));
        return command;
    }

    private static int Run(ToolConsole console, CompareRequest request, CancellationToken cancellation)
    {
        request.Data.ThrowUnlessSensible();
        SampleData samples = SampleData.Open(console, request.FirstPath, request.Data);
        ToolConsole progress = request.IsQuiet ? new ToolConsole(console.Output, TextWriter.Null) : console;
        ModelComparison comparison = ProgressView.Show(progress, view => ModelComparer.Compare(
            request.FirstPath,
            request.SecondPath,
            samples.All,
            new ComparisonOptions
            {
                Evaluation = Measuring.OptionsOf(request.FirstPath, samples.All, request.Data, request.BatchSize, request.Threads),
                LayerSamples = request.LayerSamples,
            },
            view.ForStages(),
            cancellation));
        if (request.IsJson)
        {
            console.Output.WriteLine(comparison.ToJson());
        }
        else
        {
            CompareSummary.Write(console, comparison, samples.Preparation, request.IsVerbose);
        }

        return ExitCode.Success;
    }
}
