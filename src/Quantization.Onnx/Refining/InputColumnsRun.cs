using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Runs samples through a float model and looks at the columns of values.</summary>
internal static class InputColumnsRun
{
    /// <summary>The columns of the values that one run hands out: what a run hands out stays in memory until it ends.</summary>
    private const int MaxColumns = 1 << 16;

    /// <summary>The rows that are kept of all values take no more memory than this, where one of each sample does not.</summary>
    private const long MaxBytes = 32 << 20;

    /// <summary>More rows of one sample tell little more.</summary>
    private const int MaxRows = 4;

    /// <summary>Runs the samples.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="values">The values, with the length of their last axis.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="sessionOptions">The user's session options; null for the defaults.</param>
    /// <param name="padding">What to do with padding.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <returns>The columns of each value. A value that is NaN or infinite in a sample has nothing of this sample.</returns>
    public static Dictionary<string, InputColumns> Run(
        FloatModel model, IReadOnlyDictionary<string, int> values, IReadOnlyList<ModelSample> samples,
        Func<SessionOptions>? sessionOptions, PaddingOptions padding, CancellationToken cancellationToken)
    {
        long bytes = sizeof(float) * (long)samples.Count * values.Values.Sum(count => (long)count);
        int rows = (int)Math.Clamp(MaxBytes / Math.Max(1, bytes), 1, MaxRows);
        Dictionary<string, InputColumns> columns = values.ToDictionary(each => each.Key, each => new InputColumns(each.Value, rows));
        List<string> part = [];
        foreach (string value in values.Keys)
        {
            if (part.Count > 0 && part.Sum(each => values[each]) + values[value] > MaxColumns)
            {
                Run(model, part, columns, samples, sessionOptions, padding, cancellationToken);
                part.Clear();
            }

            part.Add(value);
        }

        Run(model, part, columns, samples, sessionOptions, padding, cancellationToken);
        return columns;
    }

    private static void Run(
        FloatModel model, List<string> values, Dictionary<string, InputColumns> columns, IReadOnlyList<ModelSample> samples,
        Func<SessionOptions>? sessionOptions, PaddingOptions padding, CancellationToken cancellationToken)
    {
        HashSet<string> given = [.. model.Model.Graph.Input.Select(input => input.Name).Where(values.Contains)];
        string[] computed = [.. values.Where(value => !given.Contains(value))];
        ModelProto observed = ObservedModel.Of(
            model.Model, computed.Length > 0 ? computed : model.Model.Graph.Output.Select(output => output.Name));
        DeadNodes.Remove(observed.Graph);
        using InferenceSession session = ModelSession.Open(model.File.Path, observed, sessionOptions, options =>
        {
            options.EnableCpuMemArena = false;
            if (sessionOptions is null)
            {
                options.AddSessionConfigEntry("session.disable_prepacking", "1"); // weights would be in memory twice
            }
        });
        Dictionary<string, NodeMetadata> inputs = new(session.InputMetadata);
        using RunOptions run = new();
        PaddingFilter filter = new(padding, model, values, inputs, FindShapes);
        foreach (ModelSample sample in samples)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using BoundSample bound = SampleBinder.Bind(sample, inputs);
            PaddedSample? padded = filter.Find(sample, bound);
            foreach (string name in given)
            {
                Add(name, bound.Inputs[name], padded);
            }

            if (computed.Length > 0)
            {
                using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, bound.Inputs, computed);
                for (int i = 0; i < computed.Length; i++)
                {
                    Add(computed[i], outputs[i], padded);
                }
            }
        }

        Dictionary<string, long[]>? FindShapes(IReadOnlyDictionary<string, OrtValue> bound)
        {
            try
            {
                using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(
                    run, bound, computed.Length > 0 ? computed : session.OutputNames);
                IEnumerable<(string Name, OrtValue Value)> all = computed.Select((name, i) => (name, outputs[i]))
                    .Concat(given.Select(name => (name, bound[name])));
                return all.ToDictionary(each => each.Name, each => each.Value.GetTensorTypeAndShape().Shape);
            }
            catch (OnnxRuntimeException)
            {
                return null;
            }
        }

        void Add(string name, OrtValue value, PaddedSample? padded)
        {
            ReadOnlySpan<float> floats = RowsOf(name, value, padded);
            if (!floats.IsEmpty && TensorPrimitives.IsFiniteAll(floats))
            {
                columns[name].Add(floats);
            }
        }
    }

    /// <summary>The rows of a value that are not padding.</summary>
    private static ReadOnlySpan<float> RowsOf(string name, OrtValue value, PaddedSample? padded)
    {
        ReadOnlySpan<float> floats = value.GetTensorDataAsSpan<float>();
        return padded is null ? floats : padded.RowsOf(name, floats, value.GetTensorTypeAndShape().Shape);
    }
}
