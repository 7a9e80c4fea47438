using System.Collections.Frozen;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Brings nodes of operator sets 13 to 20 into the form that set 21 has for them. Operators that are not listed took more types or got
/// attributes with defaults.
/// </summary>
internal static class LaterUpgrades
{
    /// <summary>
    /// The version in which an operator changed its form or its defaults, and what brings an older node into the new form.
    /// </summary>
    public static FrozenDictionary<string, (long Version, Action<NodeUpgrade> Lift)> Changed { get; } = new Dictionary<string, (long,
        Action<NodeUpgrade>)>
    {
        ["DFT"] = (20, OperatorUpgrades.Impossible),
        ["GridSample"] = (20, GridSample),
        ["GroupNormalization"] = (21, OperatorUpgrades.Impossible),
        ["ReduceL1"] = (18, OperatorUpgrades.Axes),
        ["ReduceL2"] = (18, OperatorUpgrades.Axes),
        ["ReduceLogSum"] = (18, OperatorUpgrades.Axes),
        ["ReduceLogSumExp"] = (18, OperatorUpgrades.Axes),
        ["ReduceMax"] = (18, OperatorUpgrades.Axes),
        ["ReduceMean"] = (18, OperatorUpgrades.Axes),
        ["ReduceMin"] = (18, OperatorUpgrades.Axes),
        ["ReduceProd"] = (18, OperatorUpgrades.Axes),
        ["ReduceSumSquare"] = (18, OperatorUpgrades.Axes),
        ["RoiAlign"] = (16, RoiAlign),
        ["Split"] = (18, Split),
    }.ToFrozenDictionary();

    /// <summary>Parts of equal length are told by their number.</summary>
    private static void Split(NodeUpgrade lift)
    {
        if (lift.Node.Input.Count < 2 || lift.Node.Input[1].Length == 0)
        {
            lift.Node.Attribute.Add(NodeFactory.Int("num_outputs", lift.Node.Output.Count));
        }
    }

    /// <summary>Two ways to interpolate have new names.</summary>
    private static void GridSample(NodeUpgrade lift)
    {
        if (lift.Node.Attribute.FirstOrDefault(attribute => attribute.Name == "mode") is { } mode)
        {
            mode.S = ByteString.CopyFromUtf8(mode.S.ToStringUtf8() switch
            {
                "bilinear" => "linear",
                "bicubic" => "cubic",
                string other => other,
            });
        }
    }

    /// <summary>The default of coordinates changed.</summary>
    private static void RoiAlign(NodeUpgrade lift) => lift.Node.Attribute.Add(new AttributeProto
    {
        Name = "coordinate_transformation_mode",
        Type = AttributeProto.Types.AttributeType.String,
        S = ByteString.CopyFromUtf8("output_half_pixel"),
    });
}
