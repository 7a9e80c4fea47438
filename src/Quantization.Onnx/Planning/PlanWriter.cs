using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Quantization.Onnx;

/// <summary>Writes plans as JSON.</summary>
internal static class PlanWriter
{
    /// <summary>Writes a plan.</summary>
    public static void Write(QuantizationPlan plan, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("version", plan.Bodies.IsEmpty ? PlanFile.Version : PlanFile.WithBodies);
        WriteFields(plan, writer);
        writer.WriteEndObject();
    }

    private static void WriteFields(QuantizationPlan plan, Utf8JsonWriter writer)
    {
        writer.WriteString("recipe", plan.Recipe);
        writer.WriteString("target", plan.Target);
        if (plan.ModelSha256 is not null)
        {
            writer.WriteString("modelSha256", plan.ModelSha256);
        }

        WriteNames(writer, "passes", plan.Passes);
        WriteNames(writer, "excludedNodes", plan.ExcludedNodes.Order(StringComparer.Ordinal));
        if (plan.WeightOnlyNodes.Count > 0)
        {
            WriteNames(writer, "weightOnlyNodes", plan.WeightOnlyNodes.Order(StringComparer.Ordinal));
        }

        if (plan.FloatActivations.Count > 0)
        {
            WriteNames(writer, "floatActivations", plan.FloatActivations.Order(StringComparer.Ordinal));
        }

        WriteLines(
            writer, "channelScalings", plan.ChannelScalings, (line, scaling) => WriteScaling(line, scaling.Value, scaling.Exponents));
        WriteLines(writer, "inputScalings", plan.InputScalings, (line, scaling) => WriteScaling(line, scaling.Value, scaling.Exponents));
        if (plan.HasHalfInterface)
        {
            writer.WriteBoolean("halfInterface", true);
        }

        writer.WriteStartArray("nodes");
        foreach (NodePlan node in plan.Nodes)
        {
            WriteNode(writer, node);
        }

        writer.WriteEndArray();
        writer.WriteStartObject("floatNodes");
        foreach ((string node, string reason) in plan.FloatNodes.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            writer.WriteString(node, reason);
        }

        writer.WriteEndObject();
        if (plan.FloatPatterns.Count > 0)
        {
            writer.WriteStartObject("floatPatterns");
            foreach ((string node, string reason) in plan.FloatPatterns.OrderBy(each => each.Key, StringComparer.Ordinal))
            {
                writer.WriteString(node, reason);
            }

            writer.WriteEndObject();
        }

        if (plan.Bodies.IsEmpty)
        {
            return;
        }

        writer.WriteStartArray("bodies");
        foreach (BodyPlan body in plan.Bodies)
        {
            writer.WriteStartObject();
            writer.WriteString("body", body.Body);
            WriteFields(body.Plan, writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteScaling(Utf8JsonWriter writer, string value, IReadOnlyList<int> exponents)
    {
        writer.WriteString("value", value);
        writer.WriteStartArray("exponents");
        foreach (int exponent in exponents)
        {
            writer.WriteNumberValue(exponent);
        }

        writer.WriteEndArray();
    }

    private static void WriteNames(Utf8JsonWriter writer, string property, IEnumerable<string> names)
    {
        writer.WriteStartArray(property);
        foreach (string name in names)
        {
            writer.WriteStringValue(name);
        }

        writer.WriteEndArray();
    }

    private static void WriteNode(Utf8JsonWriter writer, NodePlan node)
    {
        writer.WriteStartObject();
        writer.WriteString("node", node.Node);
        writer.WriteString("result", node.Result);
        WriteEncoding(writer, "weights", node.Weights);
        if (node.BiasCorrection.Length > 0)
        {
            writer.WritePropertyName("biasCorrection");
            writer.WriteRawValue(
                $"[{string.Join(", ", node.BiasCorrection.Select(each => each.ToString("R", CultureInfo.InvariantCulture)))}]");
        }

        if (node.RoundingOffsets.Length > 0)
        {
            writer.WriteString("roundingOffsets", RoundingOffsets.Write(node.RoundingOffsets.AsSpan()));
        }

        WriteEncoding(writer, "constant", node.Constant);
        WriteValues(writer, "inputs", "input", node.Inputs);
        WriteValues(writer, "results", "result", node.Results);
        WriteHalves(writer, "halfInputs", "input", node.HalfInputs);
        WriteHalves(writer, "halfResults", "result", node.HalfResults);
        writer.WriteEndObject();
    }

    private static void WriteEncoding(Utf8JsonWriter writer, string property, TensorEncoding? encoding)
    {
        if (encoding is not null)
        {
            writer.WritePropertyName(property);
            writer.WriteRawValue(InOneLine(line => WriteFields(line, encoding)));
        }
    }

    private static void WriteValues(Utf8JsonWriter writer, string property, string position, IReadOnlyList<ValueEncoding> values) =>
        WriteLines(writer, property, values, (line, value) =>
        {
            line.WriteNumber(position, value.Position);
            line.WriteString("value", value.Value);
            WriteFields(line, value.Encoding);
        });

    private static void WriteHalves(Utf8JsonWriter writer, string property, string position, IReadOnlyList<HalfEncoding> values) =>
        WriteLines(writer, property, values, (line, value) =>
        {
            line.WriteNumber(position, value.Position);
            line.WriteString("value", value.Value);
            line.WriteString("format", PlanNames.Of(PlanNames.Halves, value.Format));
            if (value.IsStorage)
            {
                line.WriteBoolean("isStorage", true);
            }
        });

    /// <summary>A list of objects, each in one line; nothing where it is empty.</summary>
    private static void WriteLines<T>(Utf8JsonWriter writer, string property, IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write)
    {
        if (items.Count == 0)
        {
            return;
        }

        writer.WriteStartArray(property);
        foreach (T item in items)
        {
            // The writer breaks no line before raw items.
            writer.WriteRawValue("\n" + new string(' ', 2 * writer.CurrentDepth) + InOneLine(line => write(line, item)));
        }

        writer.WriteEndArray();
    }

    private static void WriteFields(Utf8JsonWriter writer, TensorEncoding encoding)
    {
        writer.WriteString("type", PlanNames.Of(PlanNames.Types, encoding.Format.Type));
        if (encoding.Format != PlanNames.AllCodes(encoding.Format.Type))
        {
            writer.WriteStartArray("codes");
            writer.WriteNumberValue(encoding.Format.MinCode);
            writer.WriteNumberValue(encoding.Format.MaxCode);
            writer.WriteEndArray();
        }

        writer.WriteString("scheme", PlanNames.Of(PlanNames.Schemes, encoding.Scheme));
        writer.WriteString("granularity", PlanNames.Of(PlanNames.Granularities, encoding.Granularity));
        if (encoding.Blocks is { } blocks)
        {
            writer.WriteNumber("blockSize", blocks.Size);
            writer.WriteString("form", PlanNames.Of(PlanNames.Forms, blocks.Form));
            writer.WriteNumber("accuracyLevel", blocks.AccuracyLevel);
            writer.WriteString("method", PlanNames.Of(PlanNames.Methods, encoding.Method));
        }

        switch (encoding.Range)
        {
            case FixedParameters given:
                writer.WriteNumber("scale", given.Scale);
                writer.WriteNumber("zeroPoint", given.ZeroPoint);
                break;
            case FixedScales given:
                WriteNumbers(writer, "scales", given.Scales);
                break;
            case DynamicRange:
                writer.WriteString("range", PlanNames.Of(PlanNames.Ranges, encoding.Range));
                break;
            case OwnRange own:
                writer.WriteString("calibrator", own.Calibrator.Name);
                break;
            case ObservedRange observed:
                writer.WriteString("calibrator", observed.Calibrator.Name);
                writer.WriteString("source", observed.Source);
                if (observed.Effective is { } effective)
                {
                    WriteNumbers(writer, "within", [effective.Least, effective.Most]);
                }

                break;
        }
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string property, IReadOnlyList<float> numbers)
    {
        writer.WriteStartArray(property);
        foreach (float number in numbers)
        {
            writer.WriteNumberValue(number); // the shortest digits that lead back to the same float
        }

        writer.WriteEndArray();
    }

    /// <summary>An object in one line, so that a plan of many nodes can be read.</summary>
    private static string InOneLine(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter line = new(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            line.WriteStartObject();
            write(line);
            line.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
