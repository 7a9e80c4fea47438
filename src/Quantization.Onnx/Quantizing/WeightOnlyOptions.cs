namespace Quantization.Onnx;

/// <summary>How <see cref="WeightQuantizer"/> quantizes a model. Immutable; derive one from another with <c>with</c>.</summary>
public sealed record WeightOnlyOptions : DataFreeOptions
{
    /// <summary>The most bits of a weight.</summary>
    private const int MaxBits = 8;

    /// <summary>The fewest bits of a weight.</summary>
    private const int MinBits = 2;

    /// <summary>The block size of weights of fewer than 8 bits where none is given.</summary>
    private const int UsualBlockSize = 32;

    private readonly int _bits = MaxBits;
    private readonly int? _blockSize;
    private readonly int _tableBits = MaxBits;
    private readonly long? _maxBytes;
    private readonly double? _bitsPerWeight;
    private readonly int _accuracyLevel = BlockLayout.UsualAccuracyLevel;

    /// <summary>The bits of a weight: 2, 4 or 8, the default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Any other number.</exception>
    public int Bits
    {
        get => _bits;
        init => _bits = Check(value);
    }

    /// <summary>
    /// The maximum size of the model in bytes: each matrix gets 2, 4 or 8 bits, so that the total error becomes as small as these
    /// bytes allow. Samples tell the error of a layer's outputs; without them it is that of its weights. <see cref="Bits"/> is not looked
    /// at then. Null, the default, gives all products the same bits.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long? MaxBytes
    {
        get => _maxBytes;
        init => _maxBytes = value is null or >= 1 ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A model takes at least a byte; allow more.");
    }

    /// <summary>
    /// The maximum average bits per weight over all matrices; scales and zero points come on top. Otherwise as
    /// <see cref="MaxBytes"/>, and not together with it.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not 2 to 8.</exception>
    public double? BitsPerWeight
    {
        get => _bitsPerWeight;
        init => _bitsPerWeight = value is null or (>= MinBits and <= MaxBits) ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A weight takes 2 to 8 bits.");
    }

    /// <summary>
    /// The bits of embedding tables: 2, 4 or 8, the default, which costs no time. A table that the model also multiplies by
    /// is stored once and has <see cref="Bits"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Any other number.</exception>
    public int TableBits
    {
        get => _tableBits;
        init => _tableBits = Check(value);
    }

    /// <summary>
    /// The weights of one output that share a scale: 16, 32, 64, 128 or 256. Null, the default, is 32 for 2 and 4 bits, and a scale for
    /// each output channel for 8.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Any other number.</exception>
    public int? BlockSize
    {
        get => _blockSize;
        init => _blockSize = value is not { } size || BlockLayout.IsSize(size)
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), value, $"ONNX Runtime takes blocks of {string.Join(", ", BlockLayout.Sizes)} weights; take one of these.");
    }

    /// <summary>
    /// Whether each block has a zero point (<see cref="QuantizationScheme.Affine"/>, the default) or its range lies around 0. Without
    /// blocks weights are symmetric always.
    /// </summary>
    public QuantizationScheme BlockScheme { get; init; } = QuantizationScheme.Affine;

    /// <summary>The operators that weights in blocks are written with.</summary>
    public BlockForm Form { get; init; }

    /// <inheritdoc cref="BlockLayout.AccuracyLevel"/>
    /// <exception cref="ArgumentOutOfRangeException">The value is not 0 to 4.</exception>
    public int AccuracyLevel
    {
        get => _accuracyLevel;
        init => _accuracyLevel = value is >= 0 and <= 4 ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "Accuracy levels are 0 to 4.");
    }

    /// <summary>
    /// How weights in blocks become codes. Null, the default, is <see cref="WeightMethod.Gptq"/> where samples are given, and
    /// <see cref="WeightMethod.Nearest"/> where not.
    /// </summary>
    public WeightMethod? Method { get; init; }

    /// <summary>
    /// A folder that keeps the codes of each matrix in blocks as soon as they are found, so that a run that was interrupted, or another one
    /// with some of the same matrices, does not round these again. They are identified by what they are computed from: weights, method,
    /// options and what samples say. It is made where it is missing, and stays. Null, the default, keeps nothing.
    /// </summary>
    public string? ResumePath { get; init; }

    /// <summary>Whether weights are quantized in blocks.</summary>
    public bool HasBlocks => Bits < MaxBits || BlockSize is not null || HasBudget;

    /// <summary>Whether layers get bits of their own.</summary>
    internal bool HasBudget => MaxBytes is not null || BitsPerWeight is not null;

    /// <summary>Blocks have few codes, so clipping their range pays off; whole channels of 8 bits are not clipped.</summary>
    private protected override ICalibrator DefaultCalibrator => HasBlocks ? new MseCalibrator() : new MaxCalibrator();

    /// <inheritdoc />
    internal override BitBudget? Budget => !HasBudget ? null
        : MaxBytes is null || BitsPerWeight is null ? new BitBudget(MaxBytes, BitsPerWeight)
        : throw new ArgumentException("MaxBytes and BitsPerWeight both say how much weights may take; give one of them.");

    /// <inheritdoc />
    internal override LayerFolder? MakeKept() => ResumePath is null ? null : new LayerFolder(ResumePath);

    /// <inheritdoc />
    internal override IRecipe ToRecipe() => HasBlocks
        ? new BlockWeightsRecipe { ExcludedNodes = FloatNodes, Weights = MakeEncoding(), TableFormat = FormatOf(TableBits) }
        : new WeightOnlyInt8Recipe { ExcludedNodes = FloatNodes, Calibrator = WeightCalibrator };

    /// <summary>The options with a method, for samples or for none.</summary>
    /// <exception cref="ArgumentException">The method needs samples, and there are none; or the other way around.</exception>
    internal WeightOnlyOptions WithMethod(bool hasSamples)
    {
        if (hasSamples && !HasBlocks)
        {
            throw new ArgumentException("Samples are used only to round weights in blocks; give fewer bits than 8, or a block size.");
        }

        return Method is null ? this with { Method = hasSamples ? WeightMethod.Gptq : WeightMethod.Nearest }
            : Method != WeightMethod.Nearest == hasSamples ? this
            : throw new ArgumentException(
                hasSamples ? "The method Nearest needs no samples; leave them out, or take another."
                    : $"The method {Method} needs samples; give some, or take Nearest.");
    }

    private TensorEncoding MakeEncoding()
    {
        if (Form == BlockForm.DequantizeLinear && Bits == 2 && !HasBudget)
        {
            throw new ArgumentException("DequantizeLinear has no codes of 2 bits; take the form MatMulNBits, or 4 bits.", nameof(Form));
        }

        if (WeightCalibrator is not (MaxCalibrator or MseCalibrator))
        {
            throw new ArgumentException(
                $"The calibrator {WeightCalibrator.Name} needs more values than a block has; take Max or MSE.", nameof(WeightCalibrator));
        }

        return new TensorEncoding(FormatOf(Bits), BlockScheme, GranularityKind.PerBlock, new OwnRange(WeightCalibrator))
        {
            Blocks = new BlockLayout(BlockSize ?? UsualBlockSize, Form, AccuracyLevel),
            Method = Method ?? WeightMethod.Nearest,
        };
    }

    private static CodeFormat FormatOf(int bits) => bits switch
    {
        2 => CodeFormat.UInt2,
        4 => CodeFormat.UInt4,
        _ => CodeFormat.UInt8,
    };

    private static int Check(int bits) =>
        bits is 2 or 4 or MaxBits ? bits : throw new ArgumentOutOfRangeException(nameof(bits), bits, bits == 3
        ? "ONNX Runtime multiplies by weights of 2, 4 and 8 bits, not 3; take 4, or 2 where size is all that counts."
        : "ONNX Runtime multiplies by weights of 2, 4 and 8 bits; take one of these.");
}
