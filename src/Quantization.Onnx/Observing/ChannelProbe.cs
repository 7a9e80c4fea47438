using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Finds out by running a model whether a value consists of the channels of another one, each multiplied by what does not depend on that
/// one: every channel is scaled by a factor of its own, and the factors are looked for in the value.
/// </summary>
internal sealed class ChannelProbe : IDisposable
{
    /// <summary>The energy that may be left of a column when the factor is taken out, as a share: what rounding to 32 bits leaves.</summary>
    private const double LargestRest = 1e-7;

    private const string Prefix = "channel-probe.";

    private readonly InferenceSession _session;
    private readonly BoundSample _sample;
    private readonly IReadOnlyList<string> _scaled;
    private readonly Dictionary<string, float[]> _plain;

    /// <param name="model">The model.</param>
    /// <param name="scaled">The values whose channels are scaled, of 32-bit floats.</param>
    /// <param name="values">The values that factors are looked for in.</param>
    /// <param name="sample">What to run.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    public ChannelProbe(
        FloatModel model, IReadOnlyList<string> scaled, IReadOnlyList<string> values, ModelSample sample, Func<SessionOptions>? optionsFactory)
    {
        ModelProto copy = ObservedModel.Of(model.Model, values);
        ChannelFactors.Insert(copy.Graph, scaled, Prefix);
        DeadNodes.Remove(copy.Graph);
        _scaled = scaled;
        _session = ModelSession.Open(model.File.Path, copy, optionsFactory, options =>
        {
            if (optionsFactory is null)
            {
                options.AddSessionConfigEntry("session.disable_prepacking", "1"); // weights would be in memory twice
            }
        });
        _sample = SampleBinder.Bind(sample, _session.InputMetadata.Where(input => !input.Key.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(input => input.Key, input => input.Value));
        _plain = Run(values, null, []);
    }

    /// <summary>The channel of a scaled value that each column of another value is made of; null where a column is made otherwise.</summary>
    /// <param name="scaled">The scaled value.</param>
    /// <param name="count">Its channels.</param>
    /// <param name="value">The other one.</param>
    public int[]? FindChannels(string scaled, int count, string value)
    {
        float[] factors = [.. Enumerable.Range(0, count).Select(i => 1 + (i + 1f) / count)];
        float[] before = _plain[value], after = Run([value], scaled, factors)[value];
        int columns = before.Length / Math.Max(1, _rows[value]);
        int[] channels = new int[columns];
        for (int column = 0; column < columns; column++)
        {
            double energy = 0, product = 0, changed = 0;
            for (int i = column; i < before.Length; i += columns)
            {
                energy += (double)before[i] * before[i];
                product += (double)before[i] * after[i];
                changed += (double)after[i] * after[i];
            }

            double ratio = product / energy;
            channels[column] = (int)Math.Round((ratio - 1) * count) - 1;
            bool isOne = energy > 0 && channels[column] >= 0 && channels[column] < count
                && Math.Abs(ratio - factors[channels[column]]) < 0.1 / count && changed - ratio * product <= LargestRest * changed;
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

    private readonly Dictionary<string, int> _rows = [];

    private Dictionary<string, float[]> Run(IReadOnlyList<string> values, string? scaled, float[] factors)
    {
        Dictionary<string, OrtValue> inputs = new(_sample.Inputs);
        List<OrtValue> made = [];
        try
        {
            foreach (string name in _scaled)
            {
                float[] own = name == scaled ? factors : [1];
                made.Add(OrtValue.CreateTensorValueFromMemory(own, [own.Length]));
                inputs[Prefix + name] = made[^1];
            }

            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(run, inputs, [.. values]);
            Dictionary<string, float[]> results = [];
            for (int i = 0; i < values.Count; i++)
            {
                long[] shape = outputs[i].GetTensorTypeAndShape().Shape;
                bool isFloat = outputs[i].GetTensorTypeAndShape().ElementDataType == TensorElementType.Float;
                results[values[i]] = isFloat ? outputs[i].GetTensorDataAsSpan<float>().ToArray() : [];
                _rows[values[i]] = (int)shape[..^1].Aggregate(1L, (product, length) => product * length);
            }

            return results;
        }
        finally
        {
            made.ForEach(value => value.Dispose());
        }
    }
}
