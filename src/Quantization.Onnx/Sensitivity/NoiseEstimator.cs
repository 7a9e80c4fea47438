namespace Quantization.Onnx;

/// <summary>Estimates the noise of layers from a calibration and the weights; see <see cref="LayerNoiseEstimate"/>.</summary>
internal static class NoiseEstimator
{
    /// <summary>
    /// Where a step has fewer bins than this, the place of values in their bins matters, and rounding is taken to be as good as random.
    /// </summary>
    private const int MinBinsPerStep = 4;

    /// <summary>Estimates one layer's noise.</summary>
    /// <param name="models">The model and what was observed of it.</param>
    /// <param name="plan">The plan of the layer, with the rules that find the parameters.</param>
    /// <param name="resolved">The same with the parameters.</param>
    /// <param name="layer">The layer.</param>
    public static LayerNoiseEstimate Estimate(TrialModels models, NodePlan plan, NodePlan resolved, QuantizableNode layer)
    {
        // A result that only the next layer turns into codes counts there.
        IEnumerable<(ValueEncoding Rule, ValueEncoding Found)> values = plan.Inputs.Zip(resolved.Inputs)
            .Concat(layer.NeedsCodedResult ? plan.Results.Zip(resolved.Results) : []);
        double activations = 0;
        foreach ((ValueEncoding rule, ValueEncoding found) in values)
        {
            string source = ((ObservedRange)rule.Encoding.Range).Source;
            activations += NoiseToSignal(
                models.Calibration.Activations[source], (FixedParameters)found.Encoding.Range, found.Encoding.Format);
        }

        float[] rounded = models.Round(layer, resolved).Dequantize();
        return new LayerNoiseEstimate(
            layer.Label, layer.Node.OpType, activations, NoiseToSignal(layer.Weight!, layer.Weight!.Weight.ReadFloats(), rounded));
    }

    /// <summary>
    /// The mean squared error of a histogram's values under quantization, as a share of their mean square; 0 where all values are 0.
    /// </summary>
    public static double NoiseToSignal(TensorStatistics statistics, FixedParameters parameters, CodeFormat format)
    {
        double scale = parameters.Scale, zeroPoint = parameters.ZeroPoint;
        double least = (format.MinCode - zeroPoint) * scale, most = (format.MaxCode - zeroPoint) * scale;
        bool isFine = scale >= MinBinsPerStep * statistics.BinWidth;
        double noise = 0, signal = 0;
        Add(statistics.PositiveBins, 1);
        Add(statistics.NegativeBins, -1);
        return signal == 0 ? 0 : noise / signal;

        void Add(ReadOnlySpan<long> bins, int sign)
        {
            for (int i = 0; i < bins.Length; i++)
            {
                if (bins[i] == 0)
                {
                    continue;
                }

                double centre = sign * (i + 0.5) * statistics.BinWidth;
                double clipped = Math.Clamp(centre, least, most);
                double error = clipped != centre ? centre - clipped : centre - Math.Round(centre / scale, MidpointRounding.ToEven) * scale;
                noise += bins[i] * (isFine || clipped != centre ? error * error : scale * scale / 12);
                signal += bins[i] * centre * centre;
            }
        }
    }

    /// <summary>The mean over the output channels of each one's squared error as a share of its square.</summary>
    private static double NoiseToSignal(WeightSlot slot, float[] weights, float[] quantized)
    {
        int channels = (int)slot.Channels;
        int inner = (int)slot.Weight.StrideOf(slot.ChannelAxis);
        double[] noise = new double[channels], signal = new double[channels];
        for (int i = 0; i < weights.Length; i++)
        {
            int channel = i / inner % channels;
            double error = (double)weights[i] - quantized[i];
            noise[channel] += error * error;
            signal[channel] += (double)weights[i] * weights[i];
        }

        return noise.Zip(signal, (error, power) => power == 0 ? 0 : error / power).Average();
    }
}
