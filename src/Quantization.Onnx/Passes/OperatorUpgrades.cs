using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Brings nodes of operator sets 6 to 12 into the form that set 13 has for them. Each result is the same to the bit.</summary>
internal static class OperatorUpgrades
{
    /// <summary>Set 7 made broadcasting what it is today: the shapes' ends are matched. Before, the place could be named.</summary>
    public static void Broadcast(NodeUpgrade lift)
    {
        lift.Take("broadcast", out _);
        if (lift.Take("axis", out _))
        {
            throw lift.Impossible("it broadcasts from an axis on ('axis'), which operator set 7 removed");
        }
    }

    /// <summary>
    /// Set 9 dropped the form with a mean and variance for each element, set 7 the switch between training and inference.
    /// </summary>
    public static void BatchNormalization(NodeUpgrade lift)
    {
        lift.Take("is_test", out _);
        if (lift.Take("spatial", out AttributeProto? spatial) && spatial.I == 0)
        {
            throw lift.Impossible("operator set 9 removed statistics per element ('spatial' = 0)");
        }
    }

    /// <summary>Bounds became inputs.</summary>
    public static void Clip(NodeUpgrade lift)
    {
        bool hasLeast = lift.Take("min", out AttributeProto? least);
        bool hasMost = lift.Take("max", out AttributeProto? most);
        if (hasLeast || hasMost)
        {
            lift.Node.Input.Add(hasLeast ? lift.Add(least!.F) : "");
        }

        if (hasMost)
        {
            lift.Node.Input.Add(lift.Add(most!.F));
        }
    }

    /// <summary>The ratio became an input that inference does not read; the mask became bool in set 10.</summary>
    public static void Dropout(NodeUpgrade lift)
    {
        lift.Take("is_test", out _);
        lift.Take("ratio", out _);
        if (lift.Node.Output.Count > 1 && lift.Node.Output[1].Length > 0)
        {
            throw lift.Impossible("its mask is used, and the mask's type changed");
        }
    }

    /// <summary>Pads and the value between became inputs.</summary>
    public static void Pad(NodeUpgrade lift)
    {
        if (lift.Take("pads", out AttributeProto? pads))
        {
            lift.Node.Input.Add(lift.Add(pads.Ints));
        }

        if (lift.Take("value", out AttributeProto? value) && value.F != 0)
        {
            lift.Node.Input.Add(lift.Add(value.F));
        }
    }

    /// <summary>The axes became an input, which may be absent as they could be.</summary>
    public static void Axes(NodeUpgrade lift)
    {
        if (lift.Take("axes", out AttributeProto? axes))
        {
            lift.Node.Input.Add(lift.Add(axes.Ints));
        }
    }

    /// <summary>The lengths of the parts became an input.</summary>
    public static void Split(NodeUpgrade lift)
    {
        if (lift.Take("split", out AttributeProto? lengths))
        {
            lift.Node.Input.Add(lift.Add(lengths.Ints));
        }
    }

    /// <summary>Starts, ends and axes became inputs.</summary>
    public static void Slice(NodeUpgrade lift)
    {
        foreach (string name in (string[])["starts", "ends", "axes"])
        {
            if (lift.Take(name, out AttributeProto? values))
            {
                lift.Node.Input.Add(lift.Add(values.Ints));
            }
        }
    }

    /// <summary>The count became an input of one element.</summary>
    public static void TopK(NodeUpgrade lift)
    {
        if (lift.Take("k", out AttributeProto? count))
        {
            lift.Node.Input.Add(lift.Add(count.I));
        }
    }

    /// <summary>Has a new name.</summary>
    public static void Scatter(NodeUpgrade lift) => lift.Node.OpType = "ScatterElements";

    /// <summary>
    /// Before set 13, Softmax and its kin flattened all axes from the given one on (1 if none was given); since then they work along one
    /// axis (the last if none is given). Along the last axis both are the same; otherwise the flattening is written out.
    /// </summary>
    public static void Normalization(NodeUpgrade lift)
    {
        long axis = lift.Take("axis", out AttributeProto? given) ? given.I : 1;
        NodeProto node = lift.Node;
        node.Attribute.Add(NodeFactory.Int("axis", -1));
        if (axis == -1 || axis == lift.Rank - 1)
        {
            return;
        }

        string input = node.Input[0], output = node.Output[0], shape = lift.NewName();
        string flat = lift.NewName(), normalized = lift.NewName();
        lift.Before.Add(NodeFactory.Make("Shape", [input], shape));
        NodeProto flatten = NodeFactory.Make("Flatten", [input], flat);
        flatten.Attribute.Add(NodeFactory.Int("axis", axis));
        lift.Before.Add(flatten);
        node.Input[0] = flat;
        node.Output[0] = normalized;
        lift.After.Add(NodeFactory.Make("Reshape", [normalized, shape], output));
    }

    /// <summary>The scales became an input in set 9; since 10 the operator is called Resize.</summary>
    public static void Upsample(NodeUpgrade lift)
    {
        if (lift.Take("scales", out AttributeProto? scales))
        {
            lift.Node.Input.Add(lift.Add(scales.Floats));
        }

        lift.Node.OpType = "Resize";
        Resize(lift);
    }

    /// <summary>
    /// Set 11 put a region before the scales, and named the ways to find and to round coordinates, of which set 10 knew one: it rounds down
    /// when enlarging and up when reducing.
    /// </summary>
    public static void Resize(NodeUpgrade lift)
    {
        NodeProto node = lift.Node;
        node.Input.Insert(1, "");
        node.Attribute.Add(Text("coordinate_transformation_mode", "asymmetric"));
        if (node.GetText("mode", "nearest") != "nearest")
        {
            return;
        }

        float[] scales = lift.FindFloats(node.Input[2])
            ?? throw lift.Impossible("whether it enlarges or reduces is computed, and the rounding of coordinates depends on it");
        bool reduces = scales.Any(scale => scale < 1);
        if (reduces && scales.Any(scale => scale > 1))
        {
            throw lift.Impossible("it enlarges one axis and reduces another, which round coordinates differently");
        }

        node.Attribute.Add(Text("nearest_mode", reduces ? "ceil" : "floor"));
    }

    /// <summary>For operators whose old form has no equal.</summary>
    public static void Impossible(NodeUpgrade lift) => throw lift.Impossible("its old form has no equivalent");

    private static AttributeProto Text(string name, string value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value) };
}
