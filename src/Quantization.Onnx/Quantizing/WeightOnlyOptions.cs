namespace Quantization.Onnx;

/// <summary>How <see cref="WeightQuantizer"/> quantizes a model. Immutable; derive one from another with <c>with</c>.</summary>
public sealed record WeightOnlyOptions : DataFreeOptions
{
    /// <summary>The only number of bits so far.</summary>
    private const int OnlyBits = 8;

    private readonly int _bits = OnlyBits;

    /// <summary>The bits of weights: 8, the only number so far.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Any other number.</exception>
    public int Bits
    {
        get => _bits;
        init => _bits = value == OnlyBits ? value : throw new ArgumentOutOfRangeException(nameof(value), value, $"Weights alone can be quantized to {OnlyBits} bits; other numbers are not supported yet.");
    }

    /// <inheritdoc />
    internal override IRecipe ToRecipe() => new WeightOnlyInt8Recipe { ExcludedNodes = FloatNodes, Calibrator = WeightCalibrator };
}
