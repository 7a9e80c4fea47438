namespace Quantization.Onnx;

/// <summary>
/// Measures what sessions take of this process's memory. Other work of the process counts too, so the figures are about right at best.
/// </summary>
internal static class SessionMemory
{
    /// <summary>Opens models one after the other, runs each once, and tells by how much the process grew.</summary>
    /// <param name="models">The models.</param>
    /// <param name="sample">The sample to run.</param>
    /// <param name="options">How sessions are opened.</param>
    /// <param name="cancellation">Stops between models.</param>
    /// <returns>The bytes of each.</returns>
    public static long[] Measure(
        IReadOnlyList<OnnxModel> models, ModelSample sample, EvaluationOptions options, CancellationToken cancellation)
    {
        List<EvaluatedModel> opened = [];
        try
        {
            long[] bytes = new long[models.Count];
            for (int i = 0; i < bytes.Length; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                _ = models[i].File; // its content is the library's, not the session's
                long before = ReadResident();
                EvaluatedModel model = EvaluatedModel.Load(models[i], options.SessionOptionsFactory, cancellation);
                opened.Add(model); // stays open, so that the next one cannot take its place
                using (BoundSample input = SampleBinder.Bind(sample, opened[0].Inputs))
                {
                    model.WarmUp(input, opened[0].OutputNames, sample.Name, cancellation);
                }

                bytes[i] = Math.Max(0, ReadResident() - before);
            }

            return bytes;
        }
        finally
        {
            opened.ForEach(model => model.Dispose());
        }
    }

    private static long ReadResident()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Environment.WorkingSet;
    }
}
