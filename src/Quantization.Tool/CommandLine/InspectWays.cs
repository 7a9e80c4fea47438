using System.CommandLine;
using Quantization.Images;
using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>The ways of quantizing that <c>quantize inspect --way</c> knows, and the plans that it writes of them.</summary>
internal static class InspectWays
{
    private const string Static = "static";

    private static readonly Dictionary<string, QuantizationWay> Ways = new()
    {
        [Static] = QuantizationWay.StaticInt8,
        ["dynamic"] = QuantizationWay.DynamicInt8,
        ["weights"] = QuantizationWay.WeightsInt8,
        ["weights4"] = QuantizationWay.WeightsInt4,
        ["half"] = QuantizationWay.Half,
    };

    /// <summary>The option that chooses one.</summary>
    public static Option<string> CreateOption()
    {
        Option<string> way = new("--way")
        {
            HelpName = string.Join('|', Ways.Keys),
            Description = "The way whose plan --save-plan writes.",
            DefaultValueFactory = _ => Static,
        };
        way.AcceptOnlyFromAmong([.. Ways.Keys]);
        return way;
    }

    /// <summary>The way of a name.</summary>
    public static QuantizationWay Find(string name) => Ways[name];

    /// <summary>Writes the plan of a way.</summary>
    /// <exception cref="UsageException">The path is the model, or a file that is no plan.</exception>
    public static int SavePlan(ToolConsole console, string modelPath, QuantizationWay way, string planPath, InspectionOptions options)
    {
        DataRequest noData = new(null, null, false, ImageOptions.None, []);
        OutputRules.ThrowUnlessPlan(planPath, modelPath, noData);
        using OutputFile file = OutputFile.Open(planPath);
        QuantizationPlan plan = ModelInspector.Plan(modelPath, way, options);
        file.Write(path =>
        {
            plan.Save(path);
            return path;
        });
        file.Commit();
        string state = way == QuantizationWay.StaticInt8 && plan.Nodes.Length > 0 ? " --state file.qcal" : "";
        console.WriteLine($"Wrote {planPath}: {InspectSummary.Describe(way)}, {Figures.Count(plan.Nodes.Length, "node")}. 'quantize ptq "
            + $"{modelPath} --plan {planPath}{state} --output out.onnx' carries it out.");
        return ExitCode.Success;
    }
}
