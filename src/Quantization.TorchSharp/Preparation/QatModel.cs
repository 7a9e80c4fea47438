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
    }

    /// <summary>The module to train, evaluate, save and load.</summary>
    public torch.nn.Module<Tensor, Tensor> Module { get; }

    /// <summary>What was done with each layer and each BatchNorm that was not folded.</summary>
    public IReadOnlyList<PreparedLayer> Layers { get; }

    /// <summary>The quantized layers, each once.</summary>
    public IReadOnlyList<QuantizedLayer> QuantizedLayers { get; }

    /// <summary>
    /// Post-training quantization, or where fine-tuning starts from: runs the float model over batches, counts what goes into each layer and the layer's weights, and takes the ranges that a calibrator finds. One
    /// statistic for each tensor is held, one for each channel of weights, and no batch.
    /// </summary>
    /// <param name="batches">Inputs of the model; they are not disposed.</param>
    /// <param name="activations">Finds the ranges of the activations.</param>
    /// <param name="weights">Finds the ranges of the weights where they are learned or frozen; null for the same. Observed weights take their largest magnitude at each step.</param>
    /// <returns>What the calibrator says of each quantizer, by its description.</returns>
    /// <exception cref="ArgumentException">There is no batch, or NaN was seen.</exception>
    public IReadOnlyDictionary<string, IReadOnlyList<CalibrationResult>> Calibrate(IEnumerable<Tensor> batches, ICalibrator activations, ICalibrator? weights = null)
    {
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(activations);
        bool training = Module.training;
        bool[] weightsWereEnabled = [.. QuantizedLayers.Select(layer => layer.WeightQuantizer.Enabled)];
        Module.eval();
        try
        {
            Collect(batches);
            Dictionary<string, IReadOnlyList<CalibrationResult>> results = [];
            foreach (QuantizedLayer layer in QuantizedLayers)
            {
                results[layer.InputQuantizer.Description] = layer.InputQuantizer.EndCalibration(activations);
                results[layer.WeightQuantizer.Description] = layer.CalibrateWeights(weights ?? activations);
            }

            return results;
        }
        finally
        {
            foreach ((QuantizedLayer layer, bool wasEnabled) in QuantizedLayers.Zip(weightsWereEnabled))
            {
                layer.InputQuantizer.CancelCalibration();
                layer.WeightQuantizer.Enabled = wasEnabled;
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
    }

    /// <summary>Writes the module as an ONNX model; see <see cref="OnnxExport.ExportOnnx"/>.</summary>
    public void ExportOnnx(ReadOnlySpan<long> sampleShape, string path, OnnxExportOptions? options = null) => Module.ExportOnnx(sampleShape, path, options);

    private IEnumerable<FakeQuantize> Quantizers => QuantizedLayers.SelectMany(layer => new[] { layer.InputQuantizer, layer.WeightQuantizer });

    private void Collect(IEnumerable<Tensor> batches)
    {
        foreach (QuantizedLayer layer in QuantizedLayers)
        {
            layer.InputQuantizer.BeginCalibration();
            layer.WeightQuantizer.Enabled = false;
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
