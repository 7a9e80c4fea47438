using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;

namespace Quantization.Onnx;

/// <summary>Reads plans from JSON. Whatever cannot be is named with its place, its value and what can be.</summary>
/// <param name="path">What messages call the file.</param>
internal sealed class PlanReader(string path)
{
    private static readonly string[] BlockFields = ["blockSize", "form", "accuracyLevel", "method"];

    private static readonly string[] EncodingFields =
    [
        "type", "codes", "scheme", "granularity", "scale", "zeroPoint", "scales", "calibrator", "source", "within", "range", .. BlockFields,
    ];

    private static readonly string[] PlanFields =
    [
        "recipe", "target", "modelSha256", "passes", "excludedNodes", "weightOnlyNodes", "floatActivations", "channelScalings",
        "inputScalings", "halfInterface", "nodes", "floatNodes", "floatPatterns", "bodies",
    ];

    /// <summary>Reads a plan.</summary>
    /// <exception cref="InvalidDataException">Something in it cannot be.</exception>
    public QuantizationPlan Read(JsonElement root)
    {
        JsonFields plan = new(path, "", root, ["version", .. PlanFields]);
        int version = plan.Integer("version");
        if (version is not (PlanFile.Version or PlanFile.WithBodies))
        {
            throw plan.Wrong(
                "version",
                $"this library reads version {PlanFile.Version} and {PlanFile.WithBodies}; write the plan again, or use "
                    + "the library that wrote it");
        }

        return Read(plan, "");
    }

    private QuantizationPlan Read(JsonFields plan, string place)
    {
        ImmutableArray<NodePlan> nodes = [.. plan.Items("nodes").Select((node, i) => ReadNode(node, $"{place}nodes[{i}]"))];
        if (nodes.GroupBy(node => node.Result).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new InvalidDataException($"{path}: {place}nodes: the node '{twice.First().Node}' with the result '{twice.Key}' stands "
                + "there twice; leave one of them out.");
        }

        string recipe = plan.Text("recipe");
        return new QuantizationPlan(recipe, plan.Text("target"), [.. plan.Texts("passes")], nodes)
        {
            ExcludedNodes = [.. plan.Texts("excludedNodes")],
            WeightOnlyNodes = [.. plan.Texts("weightOnlyNodes")],
            FloatActivations = [.. plan.Texts("floatActivations")],
            ChannelScalings =
                [.. ReadScalings(plan, "channelScalings", place).Select(each => new ChannelScaling(each.Value, each.Exponents))],
            InputScalings = [.. ReadScalings(plan, "inputScalings", place).Select(each => new InputScaling(each.Value, each.Exponents))],
            Bodies = [.. plan.Items("bodies").Select((body, i) => ReadBody(body, $"{place}bodies[{i}]"))],
            HasHalfInterface = plan.Flag("halfInterface"),
            ModelSha256 = plan.TextOrNull("modelSha256"),
            Notes = new PlanNotes(plan.TextsByName("floatNodes"), [])
            {
                Patterns = plan.TextsByName("floatPatterns"),
                Half = recipe == HalfPrecisionRecipe.RecipeName ? HalfFormat.Float16 : null, // the nodes tell where there are some
            },
        };
    }

    private BodyPlan ReadBody(JsonElement element, string place)
    {
        JsonFields body = new(path, place, element, ["body", .. PlanFields]);
        return new BodyPlan(body.Text("body"), Read(body, $"{place}."));
    }

    private IEnumerable<(string Value, ImmutableArray<int> Exponents)> ReadScalings(JsonFields plan, string property, string place) =>
        plan.Items(property).Select((element, i) =>
        {
            JsonFields scaling = new(path, $"{place}{property}[{i}]", element, ["value", "exponents"]);
            ImmutableArray<int> exponents =
            [
                .. scaling.Integers("exponents").Select(exponent => Math.Abs(exponent) <= MaxDoublings
                    ? exponent
                    : throw scaling.Wrong("exponents", $"exponents lie between -{MaxDoublings} and {MaxDoublings}")),
            ];
            return (scaling.Text("value"), exponents);
        });

    private NodePlan ReadNode(JsonElement element, string place)
    {
        JsonFields node = new(path, place, element,
            [
                "node", "result", "weights", "biasCorrection", "roundingOffsets", "constant", "inputs", "results", "halfInputs",
                "halfResults"
            ]);
        return new NodePlan(node.Text("node"), node.Text("result"))
        {
            Weights = node.Find("weights") is { } weights
                ? ReadEncoding(new JsonFields(path, $"{place}.weights", weights, EncodingFields), isActivation: false)
                : null,
            RoundingOffsets = node.TextOrNull("roundingOffsets") is { } offsets
                ? RoundingOffsets.Read(offsets)
                    ?? throw node.Wrong("roundingOffsets", "it is base64 of two bits for each weight, 00 for 0, 01 for 1 and 11 for −1")
                : [],
            BiasCorrection = [.. node.Floats("biasCorrection")
                .Select(value => float.IsFinite(value) ? value : throw node.Wrong("biasCorrection", "the values are finite"))],
            Constant = node.Find("constant") is { } constant
                ? ReadEncoding(new JsonFields(path, $"{place}.constant", constant, EncodingFields), isActivation: false)
                : null,
            Inputs = [.. ReadValues(node, "inputs", "input", place)],
            Results = [.. ReadValues(node, "results", "result", place)],
            HalfInputs = [.. ReadHalves(node, "halfInputs", "input", place)],
            HalfResults = [.. ReadHalves(node, "halfResults", "result", place)],
        };
    }

    private IEnumerable<HalfEncoding> ReadHalves(JsonFields node, string property, string position, string place) =>
        node.Items(property).Select((element, i) =>
        {
            JsonFields value = new(path, $"{place}.{property}[{i}]", element, [position, "value", "format", "isStorage"]);
            return new HalfEncoding(
                value.Integer(position), value.Text("value"), value.OneOf("format", PlanNames.Halves), value.Flag("isStorage"));
        });

    private IEnumerable<ValueEncoding> ReadValues(JsonFields node, string property, string position, string place) =>
        node.Items(property).Select((element, i) =>
        {
            JsonFields value = new(path, $"{place}.{property}[{i}]", element, [position, "value", .. EncodingFields]);
            return new ValueEncoding(value.Integer(position), value.Text("value"), ReadEncoding(value, isActivation: true));
        });

    private static TensorEncoding ReadEncoding(JsonFields fields, bool isActivation)
    {
        CodeFormat format = PlanNames.AllCodes(fields.OneOf("type", PlanNames.Types));
        if (fields.Find("codes") is not null)
        {
            int[] codes = [.. fields.Integers("codes")];
            try
            {
                format = codes is [int least, int most]
                    ? new CodeFormat(format.Type, least, most)
                    : throw fields.Wrong("codes", "give the smallest and the largest code, [-127, 127]");
            }
            catch (ArgumentOutOfRangeException e)
            {
                throw fields.Wrong("codes", e.Message.ReplaceLineEndings(" "));
            }
        }

        QuantizationScheme scheme = fields.OneOf("scheme", PlanNames.Schemes);
        TensorEncoding encoding = new(
            format, scheme, fields.OneOf("granularity", PlanNames.Granularities), ReadRange(fields, format, isActivation));
        return encoding.Granularity == GranularityKind.PerBlock ? ReadBlocks(fields, encoding, isActivation)
            : Array.Find(BlockFields, field => fields.Find(field) is not null) is { } field
                ? throw fields.Wrong(field, "it goes with the granularity per-block; take it out")
            : encoding;
    }

    private static TensorEncoding ReadBlocks(JsonFields fields, TensorEncoding encoding, bool isActivation)
    {
        if (isActivation)
        {
            throw fields.Wrong("granularity", "values that are computed are per-tensor");
        }

        int size = fields.Integer("blockSize");
        return encoding with
        {
            Blocks = new BlockLayout(
                BlockLayout.IsSize(size) ? size : throw fields.Wrong("blockSize", $"known are {string.Join(", ", BlockLayout.Sizes)}"),
                fields.OneOf("form", PlanNames.Forms),
                fields.Find("accuracyLevel") is null ? BlockLayout.UsualAccuracyLevel : fields.Integer("accuracyLevel")),
            Method = fields.Find("method") is null ? WeightMethod.Nearest : fields.OneOf("method", PlanNames.Methods),
        };
    }

    private static RangeRule ReadRange(JsonFields fields, CodeFormat format, bool isActivation)
    {
        string[] rules = [.. ((string[])["scale", "scales", "calibrator", "range"]).Where(rule => fields.Find(rule) is not null)];
        if (rules.Length != 1)
        {
            throw fields.Wrong(rules.Length == 0 ? "scale" : rules[1], "give one of scale (with zeroPoint), scales, calibrator and range");
        }

        if (rules[0] == "range")
        {
            return isActivation
                ? fields.OneOf("range", PlanNames.Ranges)
                : throw fields.Wrong("range", "only values that are computed have such a range; give a calibrator or scales");
        }

        if (rules[0] == "scales")
        {
            return new FixedScales([.. fields.Floats("scales").Select((scale, i) => IsScale(scale)
                ? scale
                : throw fields.Wrong("scales", FormattableString.Invariant($"scale {i} is {scale:R}; scales are positive and finite")))]);
        }

        if (rules[0] == "scale")
        {
            float scale = fields.Float("scale");
            int zeroPoint = fields.Integer("zeroPoint");
            return !IsScale(scale) ? throw fields.Wrong("scale", "scales are positive and finite")
                : zeroPoint < format.MinCode || zeroPoint > format.MaxCode
                    ? throw fields.Wrong("zeroPoint", $"zero-points are codes, from {format.MinCode} to {format.MaxCode}")
                : new FixedParameters(scale, zeroPoint);
        }

        ICalibrator calibrator = BuiltInCalibrators.Parse(fields.Text("calibrator"))
            ?? throw fields.Wrong("calibrator", $"the file can name {BuiltInCalibrators.Names}; give scales in the place of others");
        if (!isActivation)
        {
            return new OwnRange(calibrator);
        }

        float[] within = fields.Find("within") is null ? [] : [.. fields.Floats("within")];
        EffectiveRange? effective = within switch
        {
            [] => null,
            [float least and <= 0, float most and >= 0] when least < most => new EffectiveRange(least, most),
            _ => throw fields.Wrong("within", "give the smallest and the largest value that matter, around 0"),
        };
        return new ObservedRange(fields.Text("source"), calibrator, effective);
    }

    /// <summary>Further channels of one value are not apart in any model that can be computed in float.</summary>
    private const int MaxDoublings = 30;

    private static bool IsScale(float scale) => scale > 0 && float.IsFinite(scale);
}
