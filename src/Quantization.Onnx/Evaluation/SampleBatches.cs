using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>Joins consecutive samples into batches as far as a model's free batch axis and the samples' shapes allow.</summary>
internal static class SampleBatches
{
    public static IEnumerable<IReadOnlyList<ModelSample>> Batch(
        IEnumerable<ModelSample> samples, int size, IReadOnlyDictionary<string, NodeMetadata> inputs)
    {
        List<ModelSample> batch = [];
        foreach (ModelSample sample in samples)
        {
            if (batch.Count > 0 && (batch.Count == size || !SampleBinder.CanStack(batch[0], sample, inputs)))
            {
                yield return batch;
                batch = [];
            }

            batch.Add(sample);
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }
}
