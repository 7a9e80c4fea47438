using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>A model prepared for quantization-aware training: the module to train as any other, and what steers its quantization.</summary>
public sealed class QatModel
{
    internal QatModel(torch.nn.Module<Tensor, Tensor> module, IReadOnlyList<PreparedLayer> layers)
    {
        Module = module;
        Layers = layers;
        QuantizedLayers = [.. layers.Select(layer => layer.Quantized).OfType<QuantizedLayer>().Distinct()];
        Embeddings = [.. layers.Select(layer => layer.Embedding).OfType<QuantizedEmbedding>().Distinct()];
    }

    /// <summary>The module to train, evaluate, save and load.</summary>
    public torch.nn.Module<Tensor, Tensor> Module { get; }

    /// <summary>What was done with each layer and each BatchNorm that was not folded.</summary>
    public IReadOnlyList<PreparedLayer> Layers { get; }

    /// <summary>The quantized tables, each once.</summary>
    public IReadOnlyList<QuantizedEmbedding> Embeddings { get; }

    /// <summary>The quantized layers, each once.</summary>
    public IReadOnlyList<QuantizedLayer> QuantizedLayers { get; }

    /// <summary>
    /// Post-training quantization, or where fine-tuning starts from: runs the float model over batches, counts what goes into each layer
    /// and the layer's weights, and takes the ranges that a calibrator finds. One statistic for each tensor is held, one for each channel
    /// of weights, and no batch.
    /// </summary>
    /// <param name="batches">Inputs of the model; they are not disposed.</param>
    /// <param name="activations">Finds the ranges of the activations.</param>
    /// <param name="weights">
    /// Finds the ranges of the weights where they are learned or frozen; null for the same. Observed weights take their largest magnitude
    /// at each step.
    /// </param>
    /// <returns>What the calibrator says of each quantizer, by its description.</returns>
    /// <exception cref="ArgumentException">There is no batch, or NaN was seen.</exception>
    public IReadOnlyDictionary<string, IReadOnlyList<CalibrationResult>> Calibrate(
        IEnumerable<Tensor> batches, ICalibrator activations, ICalibrator? weights = null)
    {
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(activations);
        bool training = Module.training;
        FakeQuantize[] ofWeights =
            [.. QuantizedLayers.Select(layer => layer.WeightQuantizer), .. Embeddings.Select(table => table.WeightQuantizer)];
        bool[] wereEnabled = [.. ofWeights.Select(quantizer => quantizer.Enabled)];
        Module.eval();
        try
        {
            Array.ForEach(ofWeights, quantizer => quantizer.Enabled = false);
            Collect(batches);
            Dictionary<string, IReadOnlyList<CalibrationResult>> results = [];
            foreach (QuantizedLayer layer in QuantizedLayers)
            {
                if (layer.InputQuantizer.Enabled)
                {
                    results[layer.InputQuantizer.Description] = layer.InputQuantizer.EndCalibration(activations);
                }

                results[layer.WeightQuantizer.Description] = layer.CalibrateWeights(weights ?? activations);
            }

            foreach (QuantizedEmbedding table in Embeddings)
            {
                results[table.WeightQuantizer.Description] = table.Calibrate(weights ?? activations);
            }

            return results;
        }
        finally
        {
            foreach (QuantizedLayer layer in QuantizedLayers)
            {
                layer.InputQuantizer.CancelCalibration();
            }

            foreach ((FakeQuantize quantizer, bool wasEnabled) in ofWeights.Zip(wereEnabled))
            {
                quantizer.Enabled = wasEnabled;
            }

            Module.train(training);
        }
    }

    /// <summary>Fixes every range: nothing is observed or learned any more.</summary>
    public void FreezeRanges()
    {
        foreach (FakeQuantize quantizer in Quantizers)
        {
            quantizer.IsFrozen = true;
        }
    }

    /// <summary>Fixes the statistics of every folded BatchNorm; see <see cref="QuantizedLayer.FreezeBatchNorm"/>.</summary>
    public void FreezeBatchNorm()
    {
        foreach (QuantizedLayer layer in QuantizedLayers)
        {
            layer.FreezeBatchNorm();
        }
    }

    /// <summary>Switches quantization on or off everywhere: off, the model computes in float.</summary>
    public void SetEnabled(bool enabled)
    {
        foreach (FakeQuantize quantizer in Quantizers)
        {
            quantizer.Enabled = enabled;
        }

        foreach (QuantizedLayer layer in QuantizedLayers.Where(layer => !layer.Quantization.QuantizesActivations))
        {
            layer.InputQuantizer.Enabled = false;
        }
    }

    /// <summary>Writes the module as an ONNX model; see <see cref="OnnxExport.ExportOnnx"/>.</summary>
    public void ExportOnnx(ReadOnlySpan<long> sampleShape, string path, OnnxExportOptions? options = null) =>
        Module.ExportOnnx(sampleShape, path, options);

    /// <summary>Lets the model learn from a teacher, mostly the float model; see <see cref="Distillation"/>.</summary>
    /// <inheritdoc cref="Distillation(torch.nn.Module{Tensor, Tensor}, torch.nn.Module{Tensor, Tensor}, DistillationOptions)"/>
    public Distillation DistillFrom(torch.nn.Module<Tensor, Tensor> teacher, DistillationOptions? options = null) =>
        new(Module, teacher, options);

    /// <summary>
    /// Keeps a training run: parameters, ranges and step counters, the optimizer, torch's random numbers, frozen BatchNorms and which
    /// quantizers are on. A run that goes on from it gives the losses that it would have given. The file appears whole or not at all.
    /// </summary>
    /// <param name="path">The file to write; one that exists is replaced.</param>
    /// <param name="optimizer">The optimizer of the module's parameters.</param>
    /// <param name="position">Where the run stands, for the caller to go on from; null for its beginning.</param>
    /// <exception cref="ArgumentException">The optimizer is none of TorchSharp's, and has no state to keep.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveCheckpoint(string path, torch.optim.Optimizer optimizer, CheckpointPosition? position = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(optimizer);
        Checkpoint.Save(this, optimizer, position ?? new CheckpointPosition(0, 0), path);
    }

    /// <summary>
    /// Takes up a run that <see cref="SaveCheckpoint"/> kept. The model is prepared as it was then, with an optimizer of the same kind over
    /// its parameters.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="optimizer">The optimizer of the module's parameters.</param>
    /// <returns>Where the run stood.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is damaged or no checkpoint, or was written of another model or optimizer. The model stays as it is.
    /// </exception>
    public CheckpointPosition LoadCheckpoint(string path, torch.optim.Optimizer optimizer)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(optimizer);
        return Checkpoint.Load(this, optimizer, path);
    }

    private IEnumerable<FakeQuantize> Quantizers =>
        QuantizedLayers.SelectMany(layer => new[] { layer.InputQuantizer, layer.WeightQuantizer })
            .Concat(Embeddings.Select(table => table.WeightQuantizer));

    private void Collect(IEnumerable<Tensor> batches)
    {
        foreach (QuantizedLayer layer in QuantizedLayers.Where(layer => layer.InputQuantizer.Enabled))
        {
            layer.InputQuantizer.BeginCalibration();
        }

        bool any = false;
        using IDisposable noGradient = torch.no_grad();
        foreach (Tensor batch in batches)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            Module.call(batch);
            any = true;
        }

        if (!any)
        {
            throw new ArgumentException("There is no batch to calibrate with.", nameof(batches));
        }
    }
}
