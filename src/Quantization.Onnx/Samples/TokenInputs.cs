using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>
/// Completes samples of tokens for models that also take a mask, positions and a cache of earlier keys and values: nothing is masked, and
/// the cache is empty.
/// </summary>
internal static class TokenInputs
{
    /// <summary>What inputs of language models are called.</summary>
    public const string Tokens = "input_ids", Mask = "attention_mask", Positions = "position_ids", Past = "past_key_values.";

    /// <summary>The tokens of a sample; null where it has none.</summary>
    public static long[]? ReadTokens(ModelSample sample)
    {
        SampleTensor? tokens = sample.Inputs.Length == 1
            ? sample.Inputs[0]
            : Array.Find(sample.Inputs.ToArray(), input => input.Name == Tokens);
        return tokens?.ElementType switch
        {
            TensorElementType.Int64 => MemoryMarshal.Cast<byte, long>(tokens.Data).ToArray(),
            TensorElementType.Int32 => [.. MemoryMarshal.Cast<byte, int>(tokens.Data).ToArray().Select(token => (long)token)],
            _ => null,
        };
    }

    /// <summary>The sample with the inputs that it lacks; the same where it lacks none that is known.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="inputs">The model's inputs.</param>
    public static ModelSample Complete(ModelSample sample, IReadOnlyDictionary<string, NodeMetadata> inputs)
    {
        if (Array.Find(sample.Inputs.ToArray(), input => input.Name == Tokens) is not { } tokens)
        {
            return sample;
        }

        SampleTensor[] given = sample.Inputs.ToArray();
        long[] shape = [.. tokens.Shape];
        List<SampleTensor> added = [];
        foreach ((string name, NodeMetadata metadata) in inputs.Where(input => !Array.Exists(given, each => each.Name == input.Key)))
        {
            if (name is Mask or Positions)
            {
                added.Add(Make(name, metadata, [
                    .. Enumerable.Range(0, (int)shape.Aggregate(1L, (product, length) => product * length))
                    .Select(i => name == Mask ? 1 : i % shape[^1])], shape));
            }
            else if (name.StartsWith(Past, StringComparison.Ordinal) && metadata.Dimensions.Length == 4)
            {
                long[] empty = [.. metadata.Dimensions.Select((length, axis) =>
                    axis == 0 ? shape.Length == 1 ? 1 : shape[0] : axis == 2 ? 0 : length)];
                added.Add(metadata.ElementType == typeof(Float16) ? SampleTensor.Create<Float16>(name, [], empty)
                    : SampleTensor.Create<float>(name, [], empty));
            }
        }

        return added.Count == 0 ? sample : new ModelSample(sample.Name, [.. given, .. added]) { Label = sample.Label };
    }

    private static SampleTensor Make(string name, NodeMetadata metadata, long[] values, long[] shape) => metadata.ElementType == typeof(int)
        ? SampleTensor.Create<int>(name, [.. values.Select(value => (int)value)], shape)
        : SampleTensor.Create<long>(name, values, shape);
}
