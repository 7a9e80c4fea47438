using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Finds out by running a part of a model whether a value consists of the channels of another one, each multiplied by what does not depend
/// on that one: every channel is scaled by a factor of its own, and the factors are looked for in the value. The part begins at values that
/// were recorded, so no weights before these are in memory.
/// </summary>
internal sealed class ChannelProbe : IDisposable
{
    /// <summary>
    /// The energy that may be left of a column when the factor is taken out, as a share: what rounding to 32 bits leaves.
    /// </summary>
    private const double LargestRest = 1e-7;

    private readonly InferenceSession _session;
    private readonly BoundSample _sample;
    private readonly IReadOnlyDictionary<string, RecordedValue> _recorded;
    private readonly RecordedValue? _plain;

    /// <param name="model">The model.</param>
    /// <param name="value">The value that factors are looked for in.</param>
    /// <param name="recorded">The values that the part begins at, as the sample makes them.</param>
    /// <param name="sample">What to run.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    public ChannelProbe(
        FloatModel model, string value, IReadOnlyDictionary<string, RecordedValue> recorded, ModelSample sample,
        Func<SessionOptions>? optionsFactory)
    {
        _recorded = recorded;
        ModelProto part = ObservedModel.Of(model.Model, [value]);
        BeginAt(part.Graph, [.. recorded.Keys]);
        DeadNodes.Remove(part.Graph);
        _session = ModelSession.Open(model.File.Path, part, optionsFactory);
        _sample = SampleBinder.Bind(
            sample,
            _session.InputMetadata.Where(input => !recorded.ContainsKey(input.Key)).ToDictionary(input => input.Key, input => input.Value));
        _plain = Run(recorded);
    }

    /// <summary>
    /// The channel of a recorded value that each column of the other value is made of; null where a column is made otherwise.
    /// </summary>
    /// <param name="scaled">The recorded value.</param>
    /// <param name="count">Its channels.</param>
    public int[]? FindChannels(string scaled, int count)
    {
        float[] factors = [.. Enumerable.Range(0, count).Select(i => 1 + (i + 1f) / count)];
        Dictionary<string, RecordedValue> changed = new(_recorded) { [scaled] = _recorded[scaled].Scale(factors) };
        if (_plain is null || Run(changed) is not { } after)
        {
            return null;
        }

        int columns = _plain.Values.Length / (int)Math.Max(1, _plain.Rows);
        int[] channels = new int[columns];
        for (int column = 0; column < columns; column++)
        {
            double energy = 0, product = 0, whole = 0;
            for (int i = column; i < _plain.Values.Length; i += columns)
            {
                energy += (double)_plain.Values[i] * _plain.Values[i];
                product += (double)_plain.Values[i] * after.Values[i];
                whole += (double)after.Values[i] * after.Values[i];
            }

            double ratio = product / energy;
            channels[column] = (int)Math.Round((ratio - 1) * count) - 1;
            bool isOne = energy > 0 && channels[column] >= 0 && channels[column] < count
                && Math.Abs(ratio - factors[channels[column]]) < 0.1 / count && whole - ratio * product <= LargestRest * whole;
            if (!isOne)
            {
                return null;
            }
        }

        return channels;
    }

    public void Dispose()
    {
        _sample.Dispose();
        _session.Dispose();
    }

    /// <summary>Makes values, of 32-bit floats, inputs of a graph in the place of what computes them.</summary>
    private static void BeginAt(GraphProto graph, HashSet<string> values)
    {
        NodeProto[] kept = [.. graph.Node.Where(node => !node.Output.Any(values.Contains))];
        graph.Node.Clear();
        graph.Node.Add(kept);
        ValueInfoProto[] known = [.. graph.ValueInfo.Where(value => !values.Contains(value.Name))];
        graph.ValueInfo.Clear();
        graph.ValueInfo.Add(known);
        TypeProto type = new() { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float } };
        graph.Input.Add(values.Order(StringComparer.Ordinal).Select(value => new ValueInfoProto { Name = value, Type = type.Clone() }));
    }

    /// <summary>The value; null where it is not of 32-bit floats.</summary>
    private RecordedValue? Run(IReadOnlyDictionary<string, RecordedValue> given)
    {
        Dictionary<string, OrtValue> inputs = new(_sample.Inputs);
        List<OrtValue> made = [];
        try
        {
            foreach ((string name, RecordedValue value) in given.Where(each => _session.InputMetadata.ContainsKey(each.Key)))
            {
                made.Add(OrtValue.CreateTensorValueFromMemory(value.Values, value.Shape));
                inputs[name] = made[^1];
            }

            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(run, inputs, _session.OutputNames);
            OrtTensorTypeAndShapeInfo info = outputs[0].GetTensorTypeAndShape();
            return info.ElementDataType == TensorElementType.Float
                ? new RecordedValue(outputs[0].GetTensorDataAsSpan<float>().ToArray(), info.Shape)
                : null;
        }
        finally
        {
            made.ForEach(value => value.Dispose());
        }
    }
}
