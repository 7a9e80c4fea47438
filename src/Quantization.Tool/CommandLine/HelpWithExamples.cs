using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Quantization.Tool;

/// <summary>The parser's help page, followed by examples of the command.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private const int WidestPage = 120;

    private readonly HelpAction _page;

    public HelpWithExamples(HelpAction page)
    {
        // Some terminals claim to have no columns at all.
        page.MaxWidth = page.MaxWidth is > 0 and < WidestPage ? page.MaxWidth : WidestPage;
        _page = page;
    }

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int exitCode = _page.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (string line in ExamplesOf(parseResult.CommandResult.Command.Name))
        {
            output.WriteLine($"  {line}");
        }

        output.WriteLine();
        return exitCode;
    }

    private static string[] ExamplesOf(string command) => command switch
    {
        InspectCommand.Name =>
        [
            "# What the model is, and what each way of quantizing would do to it; no data is needed",
            "quantize inspect model.onnx",
            "# The same for a script",
            "quantize inspect model.onnx --json",
        ],
        AutoCommand.Name =>
        [
            "# Try all ways, and write the one that loses the least among those that are faster and smaller",
            "quantize auto model.onnx --data samples --labels labels.csv --output model.int8.onnx",
            "# The fastest model that loses at most half a point of accuracy, in at most a third of the bytes",
            "quantize auto model.onnx --data samples --labels labels.csv --max-loss 0.005 --max-bytes 0.33 --output model.int8.onnx",
            "# Without data: speed and size alone; exit code 3 says that the model should stay as it is",
            "quantize auto model.onnx --output model.int8.onnx",
        ],
        CompareCommand.Name =>
        [
            "# What the second model loses, and what it gains",
            "quantize compare model.onnx model.int8.onnx --data samples --labels labels.csv",
            "# Every layer, for a script",
            "quantize compare model.onnx other.onnx --data samples --json --quiet",
        ],
        PtqCommand.Name =>
        [
            "# Quantize, and compare with the float model on the same samples",
            "quantize ptq model.onnx --data samples --output model.int8.onnx",
            "# With labels: calibrate on a quarter of the samples, measure accuracy on the others",
            "quantize ptq model.onnx --data samples --labels labels.csv --calibrator entropy --output model.int8.onnx",
            "# With a page about every layer and activation",
            "quantize ptq model.onnx --data samples --output model.int8.onnx --report report.html",
            "# With images, as torchvision prepares them; folders are classes",
            "quantize ptq model.onnx --data images --preset imagenet --class-folders --output model.int8.onnx",
            "# With images, spelled out",
            "quantize ptq model.onnx --data images --image-size 320x240 --channels bgr --mean 0.5 --std 0.5 --output model.int8.onnx",
            "# From a calibration, without data",
            "quantize ptq model.onnx --state all.qcal --calibrator percentile --percentile 99.9 --output model.int8.onnx",
        ],
        DynamicCommand.Name or WeightsCommand.Name =>
        [
            "# Without any data: fast, with integers in every product of matrices",
            "quantize dynamic model.onnx --output model.int8.onnx",
            "# Without any data: the most accurate file of a quarter of the size",
            "quantize weights model.onnx --output model.int8.onnx",
            "# A language model in 4 bits, as ONNX Runtime GenAI loads it; with texts as samples it becomes better",
            "quantize weights llama --bits 4 --method gptq --data texts --output llama-int4",
            "# Measure either beside the float model",
            "quantize dynamic model.onnx --data samples --output model.int8.onnx",
        ],
        SearchCommand.Name =>
        [
            "# Try calibrators, schemes and granularities, keep the most accurate, and see why",
            "quantize search model.onnx --data samples --labels labels.csv --output model.int8.onnx --report report.html",
            "# In a script: nothing but JSON; an interrupted search goes on from its calibration",
            "quantize search model.onnx --data samples --output model.int8.onnx --state model.qcal --json --quiet > report.json",
        ],
        PartialCommand.Name =>
        [
            "# Lose at most half a point of accuracy, with as few layers in float as that takes, and see which and why",
            "quantize partial model.onnx --data samples --labels labels.csv --max-loss 0.005 --output model.int8.onnx --report report.html",
            "# The best accuracy within 1.5 times the latency of the int8 model",
            "quantize partial model.onnx --data samples --labels labels.csv --max-latency 1.5 --output model.int8.onnx",
            "# Without labels: outputs at least 30 dB above their noise, with at most 8 layers in float; exit code 3 "
                + "says that this cannot be had",
            "quantize partial model.onnx --data samples --reach 30 --max-float-layers 8 --output model.int8.onnx --state model.qcal",
        ],
        WorkerCommand.Name =>
        [
            "# Two workers of this machine, each in a terminal of its own",
            "mkdir cluster",
            "quantize worker --cluster cluster --threads 1",
            "quantize worker --cluster cluster --threads 1",
            "# Who uses them",
            "quantize search model.onnx --data samples --output model.int8.onnx --cluster cluster",
        ],
        HalfCommand.Name =>
        [
            "# 16-bit floats, with 32 bits for the activations that leave their range on these samples",
            "quantize half model.onnx --data samples --output model.half.onnx",
            "# For a graphics processor: inputs and outputs in 16 bits too",
            "quantize half model.onnx --data samples --half-io --output model.half.onnx",
            "# Half the file without samples, all computed in 32 bits",
            "quantize half model.onnx --bfloat16 --output model.bf16.onnx",
        ],
        DequantizeCommand.Name =>
        [
            "# Back to floats, and to int8 in another way",
            "quantize dequantize model.int8.onnx --output model.float.onnx",
            "quantize ptq model.float.onnx --data samples --calibrator mse --output model.int8.onnx",
        ],
        CalibrateCommand.Name or MergeCommand.Name =>
        [
            "# Calibrate on shards, on one machine or several, and join what was seen",
            "quantize calibrate model.onnx --data shard1 --state a.qcal",
            "quantize calibrate model.onnx --data shard2 --state b.qcal",
            "quantize merge a.qcal b.qcal --state all.qcal",
            "# Quantize from it, with any calibrator",
            "quantize ptq model.onnx --state all.qcal --calibrator entropy --output model.int8.onnx",
        ],
        _ =>
        [
            "quantize",
            "quantize inspect model.onnx",
            "quantize auto model.onnx --data samples --output model.int8.onnx",
            "quantize ptq model.onnx --data samples --output model.int8.onnx",
            "quantize dynamic model.onnx --output model.int8.onnx",
            "quantize search model.onnx --data samples --output model.int8.onnx --report report.html",
            "quantize partial model.onnx --data samples --labels labels.csv --max-loss 0.005 --output model.int8.onnx",
            "quantize half model.onnx --data samples --output model.half.onnx",
            "quantize ptq --help",
        ],
    };
}
