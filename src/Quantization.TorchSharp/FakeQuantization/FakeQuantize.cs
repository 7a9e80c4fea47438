using System.Numerics.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// Quantizes and dequantizes in the forward pass, bit for bit as <see cref="IQuantizer.FakeQuantize"/>, and lets gradients through as
/// <see cref="FakeQuantizeGradient"/> says. The range is observed or learned; it is part of the state dict. Until it has a range, and
/// before <see cref="FakeQuantizeOptions.StartStep"/>, values pass unchanged.
/// </summary>
/// <remarks>
/// A learned scale is kept as its natural logarithm, <c>log_scale</c>: it stays positive whatever the optimizer does, and one whose steps
/// do not shrink with the gradient, such as Adam, changes it by a ratio. Its gradient is LSQ's with respect to the scale, times the scale.
/// </remarks>
public sealed class FakeQuantize : torch.nn.Module<Tensor, Tensor>
{
    private const int StepsSlot = 0, HasRangeSlot = 1, FrozenSlot = 2;

    private readonly Parameter? log_scale;
    private readonly Parameter? offset;
    private readonly Tensor? range;
    private readonly Tensor zero_point;
    private readonly Tensor progress;
    private readonly HostMirror _progress = new(3);
    private RangeStatistics? _statistics;

    /// <summary>Makes one that has no range yet.</summary>
    /// <param name="options">The codes, the granularity and where the range comes from.</param>
    /// <param name="channels">The number of scales: 1 per-tensor, the length of the axis per-channel, the number of blocks.</param>
    /// <param name="description">What error messages call it, for example the path of its layer.</param>
    /// <exception cref="ArgumentException">The options contradict each other or the number of channels.</exception>
    public FakeQuantize(FakeQuantizeOptions options, int channels = 1, string description = nameof(FakeQuantize))
        : base(nameof(FakeQuantize))
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        if (options.Granularity.Kind == GranularityKind.PerTensor && channels != 1)
        {
            throw new ArgumentException($"Per-tensor takes one scale, not {channels}.", nameof(channels));
        }

        Options = options;
        Description = description;
        Format = options.Scheme == QuantizationScheme.Symmetric ? options.Format.Restricted : options.Format;
        if (options.Range == RangeMode.Learned)
        {
            log_scale = new Parameter(torch.zeros(channels));
            log_scale.DetachFromDisposeScope();
            register_parameter(nameof(log_scale), log_scale);
        }
        else
        {
            range = torch.zeros(2, channels).DetachFromDisposeScope();
            register_buffer(nameof(range), range, true);
        }

        if (options.LearnsOffset)
        {
            offset = new Parameter(torch.zeros(channels));
            offset.DetachFromDisposeScope();
            register_parameter(nameof(offset), offset);
        }

        zero_point = torch.zeros(channels, torch.ScalarType.Int32).DetachFromDisposeScope();
        progress = torch.zeros(3, torch.ScalarType.Int64).DetachFromDisposeScope();
        register_buffer(nameof(zero_point), zero_point, true);
        register_buffer(nameof(progress), progress, true);
    }

    /// <summary>How the values are mapped.</summary>
    public FakeQuantizeOptions Options { get; }

    /// <summary>
    /// The codes that are simulated: those of the options, restricted to an interval symmetric about 0 where the scheme is symmetric.
    /// </summary>
    public CodeFormat Format { get; }

    /// <summary>What error messages call it.</summary>
    public string Description { get; }

    /// <summary>Whether values are quantized at all; false lets them pass unchanged and unobserved. Not part of the state dict.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Whether torch's operators compute it, where the values are: always so for values that are not on the processor. True makes it so
    /// there too. Not part of the state dict.
    /// </summary>
    internal bool IsComposed { get; set; }

    /// <summary>Training steps seen.</summary>
    public long Steps
    {
        get => Read(StepsSlot);
        private set => Write(StepsSlot, value);
    }

    /// <summary>Whether there is a range to quantize with.</summary>
    public bool HasRange
    {
        get => Read(HasRangeSlot) != 0;
        private set => Write(HasRangeSlot, value ? 1 : 0);
    }

    /// <summary>Whether the range stays as it is: neither observed nor learned any more.</summary>
    public bool IsFrozen
    {
        get => Read(FrozenSlot) != 0;
        set => Write(FrozenSlot, value ? 1 : 0);
    }

    private int Channels => (int)zero_point.shape[0];

    private bool IsLearned => Options.Range == RangeMode.Learned;

    /// <summary>The mapping in force.</summary>
    /// <exception cref="InvalidOperationException">There is no range yet.</exception>
    public UniformQuantizer GetQuantizer()
    {
        if (!HasRange)
        {
            throw new InvalidOperationException(
                $"{Description} has no range yet: train a step, or calibrate, before you ask for its parameters.");
        }

        return new AffineQuantizer(Format, GetParameters(), Options.Granularity);
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        Tensor result = Apply(input);
        return ReferenceEquals(result, input) ? input.alias() : result;
    }

    /// <summary>Spreads the codes over given ranges, one per channel.</summary>
    /// <exception cref="ArgumentException">There are more or fewer ranges than channels.</exception>
    public void SetRanges(ReadOnlySpan<ValueRange> ranges)
    {
        if (ranges.Length != Channels)
        {
            throw new ArgumentException($"{Description} has {Channels} scales; {ranges.Length} ranges were given.", nameof(ranges));
        }

        if (IsLearned)
        {
            QuantizationParameters parameters = QuantizationParameters.FromRanges(ranges, Format, Options.Scheme);
            SetScales(parameters.Scales, parameters.ZeroPoints);
        }
        else
        {
            float[] both = new float[2 * Channels];
            for (int i = 0; i < Channels; i++)
            {
                (both[i], both[Channels + i]) = (ranges[i].Min, ranges[i].Max);
            }

            Fill(range!, both);
            HasRange = true;
        }
    }

    /// <summary>The values unchanged, the same object, or fake-quantized.</summary>
    internal Tensor Apply(Tensor input)
    {
        if (_statistics is not null)
        {
            Collect(input);
            return input;
        }

        if (!Enabled)
        {
            return input;
        }

        bool isComposed = IsComposed || input.device_type != DeviceType.CPU;
        long step = Steps;
        if (training || Options.Momentum == 1)
        {
            Follow(input, isComposed);
        }

        bool started = step >= Options.StartStep;
        if (training)
        {
            Steps = step + 1;
            if (IsLearned && started && !HasRange)
            {
                Initialize(input);
            }
        }

        if (!started || !HasRange)
        {
            return input;
        }

        Tensor? learned = IsLearned && !IsFrozen ? log_scale : null, moved = learned is null ? null : offset;

        // LSQ counts the values that share a scale: weights of the group, or activations of one sample.
        long shared = Options.Granularity.Kind == GranularityKind.PerTensor && input.dim() > 1 && !IsWeight
            ? input.numel() / Math.Max(1, input.shape[0])
            : input.numel() / Channels;
        double factor = learned is null ? 1 : LearnedStepSize.GradientScale(Math.Max(1, shared), Format);
        if (!isComposed)
        {
            return FakeQuantizeFunction.apply(input, learned!, moved!, GetQuantizer(), factor);
        }

        using DisposeScope scope = torch.NewDisposeScope();
        bool isInBlocks = Options.Granularity.Kind == GranularityKind.PerBlock;
        Tensor values = isInBlocks ? input.reshape(Channels, Options.Granularity.BlockSize) : input;
        (Tensor scale, Tensor zeroPoint) = ComposeParameters(values.dim());
        Tensor result = ComposedFakeQuantizeFunction.apply(values, learned!, moved!, scale, zeroPoint, Format, factor);
        return (isInBlocks ? result.reshape(input.shape) : result).MoveToOuterDisposeScope();
    }

    /// <summary>The scales and zero-points as tensors that broadcast over values, on their device.</summary>
    private (Tensor Scale, Tensor ZeroPoint) ComposeParameters(long rank)
    {
        using IDisposable noGradient = torch.no_grad();
        (Tensor scale, Tensor zeroPoint) = !IsLearned ? ComposedRange.Parameters(range!, Format, Options.Scheme)
            : (ComposedRange.Exponential(log_scale!),
                offset is null
                    ? zero_point.to_type(torch.ScalarType.Float32)
                    : offset.detach().round().clamp(Format.MinCode, Format.MaxCode));
        long[] shape = new long[Channels == 1 ? 1 : rank];
        Array.Fill(shape, 1);
        if (Channels > 1)
        {
            shape[Options.Granularity.Kind == GranularityKind.PerBlock ? 0 : Options.Granularity.GetAxis((int)rank)] = Channels;
        }

        return (scale.reshape(shape), zeroPoint.reshape(shape));
    }

    /// <summary>The mapping of these very weights: an observed range follows them unless it is frozen.</summary>
    internal UniformQuantizer GetQuantizer(Tensor weights)
    {
        Follow(weights, isComposed: false);
        return GetQuantizer();
    }

    /// <summary>Whether the values are weights, which have no batch axis.</summary>
    internal bool IsWeight { get; init; }

    /// <summary>
    /// Chooses the first scale of a learned range: LSQ's from the mean magnitude, or, where values of an unsigned format are negative, from
    /// the smallest and the largest value.
    /// </summary>
    internal void Initialize(Tensor values)
    {
        using Tensor detached = values.detach();
        using DisposableTensor dense = DisposableTensor.DenseOf(detached);
        ReadOnlySpan<float> elements = TensorMemory.Span<float>(dense.Tensor);
        ValueRange[] ranges = GetRanges(dense.Tensor, elements);
        if (!Format.IsSigned && ranges.Any(each => each.Min < 0))
        {
            SetRanges(ranges);
            return;
        }

        float[] scales = new float[Channels];
        if (Channels == 1)
        {
            scales[0] = LearnedStepSize.InitialScale(elements, Format);
        }
        else
        {
            for (int i = 0; i < scales.Length; i++)
            {
                using Tensor channel = RangeStatistics.GroupOf(dense.Tensor, Options.Granularity, Channels, i);
                scales[i] = LearnedStepSize.InitialScale(TensorMemory.Span<float>(channel), Format);
            }
        }

        SetScales(scales, new int[scales.Length]);
    }

    /// <summary>From now on values pass unchanged and are counted, one statistic per channel, until <see cref="EndCalibration"/>.</summary>
    internal void BeginCalibration() => _statistics = new RangeStatistics(Options, Channels);

    /// <summary>Takes the ranges that a calibrator finds in what was counted; where nothing was, the range stays.</summary>
    internal IReadOnlyList<CalibrationResult> EndCalibration(ICalibrator calibrator)
    {
        RangeStatistics statistics = _statistics!;
        _statistics = null;
        CalibrationResult[] results = statistics.Calibrate(calibrator, Format);
        if (results.Length > 0)
        {
            SetRanges([.. results.Select(result => result.Range)]);
        }

        return results;
    }

    /// <summary>Leaves the counting without a result.</summary>
    internal void CancelCalibration() => _statistics = null;

    internal void Collect(Tensor input) => _statistics!.Observe(input);

    /// <summary>Lets an observed range follow the values, unless it is frozen.</summary>
    private void Follow(Tensor input, bool isComposed)
    {
        if (IsLearned || IsFrozen)
        {
            return;
        }

        if (isComposed)
        {
            using IDisposable noGradient = torch.no_grad();
            using DisposeScope scope = torch.NewDisposeScope();
            Tensor values = input.detach();
            Tensor found = Options.Granularity.Kind == GranularityKind.PerBlock
                ? ComposedRange.Of(values.reshape(Channels, Options.Granularity.BlockSize), 0)
                : ComposedRange.Of(values, Channels == 1 ? null : Options.Granularity.GetAxis((int)input.dim()));
            range!.copy_(HasRange && Options.Momentum < 1 ? ComposedRange.Average(range, found, Options.Momentum) : found);
            HasRange = true;
            return;
        }

        using Tensor detached = input.detach();
        using DisposableTensor dense = DisposableTensor.DenseOf(detached);
        ValueRange[] seen = GetRanges(dense.Tensor, TensorMemory.Span<float>(dense.Tensor));
        if (HasRange && Options.Momentum < 1)
        {
            float[] known = TensorMemory.Span<float>(range!).ToArray();
            for (int i = 0; i < seen.Length; i++)
            {
                seen[i] = new ValueRange(Average(known[i], seen[i].Min), Average(known[Channels + i], seen[i].Max));
            }
        }

        SetRanges(seen);
    }

    private float Average(float known, float seen) => (float)(known + (Options.Momentum * ((double)seen - known)));

    /// <summary>The smallest and the largest value of each channel, widened to contain 0.</summary>
    private ValueRange[] GetRanges(Tensor dense, ReadOnlySpan<float> elements)
    {
        if (elements.IsEmpty)
        {
            throw new ArgumentException($"{Description} was given an empty tensor.");
        }

        try
        {
            return Channels == 1
                ? [new ValueRange(MathF.Min(0, TensorPrimitives.Min(elements)), MathF.Max(0, TensorPrimitives.Max(elements)))]
                : GroupRanges.MinMax(new ReadOnlyTensorSpan<float>(elements, TensorMemory.Shape(dense)), Options.Granularity);
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException($"{Description} was given NaN or infinite values; training has diverged or the input is "
                + "damaged. Lower the learning rate, or check the data.", e);
        }
    }

    private QuantizationParameters GetParameters()
    {
        if (IsLearned)
        {
            float[] scales = ToArray<float>(log_scale!);
            for (int i = 0; i < scales.Length; i++)
            {
                scales[i] = Math.Clamp((float)Math.Exp(scales[i]), 1.17549435E-38f, float.MaxValue);
                if (float.IsNaN(scales[i]))
                {
                    throw new InvalidOperationException(
                        $"The learned scale {i} of {Description} is NaN: training has diverged. Lower the learning rate.");
                }
            }

            return new QuantizationParameters(
                scales, offset is null ? ToArray<int>(zero_point) : [.. ToArray<float>(offset).Select(Round)]);
        }

        float[] both = ToArray<float>(range!);
        ValueRange[] ranges = new ValueRange[Channels];
        for (int i = 0; i < ranges.Length; i++)
        {
            ranges[i] = new ValueRange(both[i], both[Channels + i]);
        }

        return QuantizationParameters.FromRanges(ranges, Format, Options.Scheme);
    }

    /// <summary>The zero-point of an offset.</summary>
    private int Round(float value) => !float.IsNaN(value) ? (int)Math.Clamp(MathF.Round(value), Format.MinCode, Format.MaxCode)
        : throw new InvalidOperationException(
            $"The learned offset of {Description} is NaN: training has diverged. Lower the learning rate.");

    private void SetScales(ReadOnlySpan<float> scales, ReadOnlySpan<int> zeroPoints)
    {
        float[] logarithms = new float[scales.Length];
        for (int i = 0; i < logarithms.Length; i++)
        {
            logarithms[i] = MathF.Log(scales[i]);
        }

        Fill(log_scale!, logarithms);
        Fill(zero_point, zeroPoints.ToArray());
        if (offset is not null)
        {
            Fill(offset, Array.ConvertAll(zeroPoints.ToArray(), zeroPoint => (float)zeroPoint));
        }

        HasRange = true;
    }

    private long Read(int slot) => progress.device_type == DeviceType.CPU ? TensorMemory.Span<long>(progress)[slot]
        : _progress.Read(progress, training, slot, stale: slot == HasRangeSlot);

    private void Write(int slot, long value)
    {
        if (progress.device_type == DeviceType.CPU)
        {
            TensorMemory.Span<long>(progress)[slot] = value;
        }
        else
        {
            _progress.Write(progress, training, slot, value);
        }
    }

    private static T[] ToArray<T>(Tensor tensor)
        where T : unmanaged
    {
        if (tensor.device_type == DeviceType.CPU)
        {
            return TensorMemory.Span<T>(tensor).ToArray();
        }

        using Tensor near = tensor.cpu();
        return TensorMemory.Span<T>(near).ToArray();
    }

    private static void Fill<T>(Tensor destination, T[] values)
        where T : unmanaged
    {
        using IDisposable noGradient = torch.no_grad();
        using Tensor near = torch.empty(destination.shape, destination.dtype);
        values.CopyTo(TensorMemory.Span<T>(near));
        destination.copy_(near);
    }
}
