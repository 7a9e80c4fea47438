using System.Globalization;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>One pass of samples through a model whose outputs are the activations to observe.</summary>
internal static class CalibrationRun
{
    public static ModelCalibration Run(FloatModel model, ISampleSource samples, CalibrationOptions options, IProgress<QuantizationProgress>? progress, CancellationToken cancellationToken)
    {
        SortedDictionary<string, TensorStatistics> statistics = new(StringComparer.Ordinal);
        foreach (string source in Planner.Plan(new GraphIndex(model.Model.Graph)).Activations.Values)
        {
            statistics.TryAdd(source, new TensorStatistics(options.BinsPerSign));
        }

        if (statistics.Count == 0)
        {
            throw new OnnxModelException(model.File.Path, "there is nothing to quantize: the model has no Conv, Gemm or MatMul with constant 32-bit float weights.");
        }

        ModelProto observed = WithOutputs(model.Model, statistics.Keys);
        using InferenceSession session = ModelSession.Open(model.File.Path, observed, observed.ToByteArray(), options.SessionOptionsFactory);
        using RunOptions runOptions = new();
        long count = 0;
        foreach (ModelSample sample in samples)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using (BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata))
            {
                Observe(model, session, runOptions, sample, bound, statistics, options.NonFinite);
            }

            count++;
            progress?.Report(new QuantizationProgress(QuantizationStage.Calibrating, count, samples.Count));
        }

        cancellationToken.ThrowIfCancellationRequested();
        return count > 0
            ? new ModelCalibration(model.File.Fingerprint, count, statistics)
            : throw new ArgumentException("There is no sample to calibrate with; give at least one.", nameof(samples));
    }

    /// <summary>A copy of the model that computes the wanted values and nothing besides. Inputs are wanted too, but need no computing.</summary>
    private static ModelProto WithOutputs(ModelProto model, IEnumerable<string> values)
    {
        ModelProto copy = model.Clone();
        HashSet<string> inputs = [.. copy.Graph.Input.Select(input => input.Name)];
        Dictionary<string, ValueInfoProto> known = copy.Graph.Output.ToDictionary(output => output.Name);
        ValueInfoProto[] outputs = [.. values.Where(value => !inputs.Contains(value)).Select(value => known.GetValueOrDefault(value) ?? new ValueInfoProto { Name = value })];

        // A graph must have an output: where the inputs are all that is observed, its own remain.
        if (outputs.Length > 0)
        {
            copy.Graph.Output.Clear();
            copy.Graph.Output.Add(outputs);
        }

        return copy;
    }

    private static void Observe(
        FloatModel model, InferenceSession session, RunOptions runOptions, ModelSample sample, BoundSample bound, SortedDictionary<string, TensorStatistics> statistics, NonFiniteValues nonFinite)
    {
        using IDisposableReadOnlyCollection<OrtValue> outputs = RunSession(model, session, runOptions, sample, bound);
        Dictionary<string, OrtValue> values = new(bound.Inputs);
        for (int i = 0; i < outputs.Count; i++)
        {
            values[session.OutputNames[i]] = outputs[i];
        }

        foreach ((string name, TensorStatistics seen) in statistics)
        {
            if (values[name].GetTensorTypeAndShape().ElementDataType != TensorElementType.Float)
            {
                throw new OnnxModelException(model.File.Path, $"activation '{name}' is not of 32-bit floats.");
            }

            try
            {
                seen.Observe(values[name].GetTensorDataAsSpan<float>(), nonFinite);
            }
            catch (NonFiniteValueException e)
            {
                throw new InvalidDataException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{sample.Name}: activation '{name}' of {model.File.Path} holds {e.Value:R} at element {e.Index}, computed in float from finite inputs; remove the sample, repair the model, or calibrate with CalibrationOptions.NonFinite = NonFiniteValues.Ignore."),
                    e);
            }
        }
    }

    private static IDisposableReadOnlyCollection<OrtValue> RunSession(FloatModel model, InferenceSession session, RunOptions runOptions, ModelSample sample, BoundSample bound)
    {
        try
        {
            return session.Run(runOptions, bound.Inputs, session.OutputNames);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException($"{sample.Name}: ONNX Runtime cannot run {model.File.Path} on this sample: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }
}
