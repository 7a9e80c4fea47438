using System.Collections.Concurrent;
using System.Numerics.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// The magnitudes that weights are quantized up to, each found once however many models are tried with it. Safe to use from several
/// threads.
/// </summary>
internal sealed class WeightRanges
{
    /// <summary>
    /// The bins for a channel's weights: at least four per step at 8 bits, while thousands of channels are searched in no time.
    /// </summary>
    private const int BinsPerSign = 1024;

    private readonly ConcurrentDictionary<Key, Lazy<float[]>> _found = [];

    /// <summary>One magnitude per channel, or one for the tensor.</summary>
    /// <param name="slot">The weights.</param>
    /// <param name="encoding">The calibrator, the format and the granularity.</param>
    public float[] Find(WeightSlot slot, TensorEncoding encoding)
    {
        Key key = new(slot.Weight, slot.ChannelAxis, encoding);
        return _found.GetOrAdd(key, _ => new Lazy<float[]>(() => Search(slot, encoding))).Value;
    }

    private static float[] Search(WeightSlot slot, TensorEncoding encoding)
    {
        ICalibrator calibrator = ((OwnRange)encoding.Range).Calibrator;
        ReadOnlySpan<float> values = slot.Weight.ViewFloats();
        bool perChannel = encoding.Granularity == GranularityKind.PerChannel;
        int channels = perChannel ? (int)slot.Channels : 1;
        int inner = perChannel ? (int)slot.Weight.StrideOf(slot.ChannelAxis) : values.Length;
        float[] magnitudes = new float[channels];
        for (int channel = 0; channel < channels; channel++)
        {
            for (int start = channel * inner; start < values.Length; start += channels * inner)
            {
                magnitudes[channel] = MathF.Max(magnitudes[channel], MathF.Abs(TensorPrimitives.MaxMagnitude(values.Slice(start, inner))));
            }
        }

        if (calibrator is MaxCalibrator || Array.Exists(magnitudes, magnitude => !float.IsFinite(magnitude)))
        {
            return magnitudes;
        }

        for (int channel = 0; channel < channels; channel++)
        {
            TensorStatistics statistics = new(BinsPerSign);
            for (int start = channel * inner; start < values.Length; start += channels * inner)
            {
                statistics.Observe(values.Slice(start, inner));
            }

            magnitudes[channel] = calibrator.Calibrate(statistics, encoding.Format, QuantizationScheme.Symmetric).Range.MaxMagnitude;
        }

        return magnitudes;
    }

    private sealed record Key(TensorProto Weight, int Axis, TensorEncoding Encoding)
    {
        /// <summary>The same tensor object: comparing contents would cost more than it saves.</summary>
        public bool Equals(Key? other) =>
            other is not null && ReferenceEquals(Weight, other.Weight) && Axis == other.Axis && Encoding == other.Encoding;

        public override int GetHashCode() =>
            HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(Weight), Axis, Encoding);
    }
}
