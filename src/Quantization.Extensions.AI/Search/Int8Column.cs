using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Quantization.Extensions.AI.Storage;

namespace Quantization.Extensions.AI.Search;

/// <summary>
/// Vectors as int8 codes with a scale each. With bits beside them, a search finds candidates by Hamming distance and ranks these by their
/// codes. A query has 16 bits per value, so its own rounding does not count.
/// </summary>
internal sealed partial class Int8Column : VectorColumn
{
    /// <summary>A query of smaller values, such as zeros, has this scale.</summary>
    private const float SmallestScale = 1e-38f;

    private readonly ColumnSettings _settings;
    private RowArray _codes;
    private RowArray _scales;

    /// <summary>Cosine: one over the norm of the codes, NaN for a vector of zeros. Euclidean: the vector's squared norm.</summary>
    private RowArray? _measures;
    private RowArray? _bits;
    private RowArray? _floats;
    private RowArray[] _arrays;

    public Int8Column(ColumnSettings settings)
    {
        _settings = settings;
        _codes = new RowArray(settings.Dimensions);
        _scales = new RowArray(sizeof(float));
        _measures = IsCosine || IsEuclidean ? new RowArray(sizeof(float)) : null;
        _floats = settings.KeepsVectors ? new RowArray(checked(settings.Dimensions * sizeof(float))) : null;
        _bits = settings.HasBits ? new RowArray((int)CodeFormat.UInt1.GetByteCount(settings.Dimensions)) : null;
        _thresholds = new float[settings.Dimensions];
        _values = new float[settings.Dimensions];
        _arrays = [.. new[] { _codes, _scales, _measures, _bits, _floats }.OfType<RowArray>()];
    }

    /// <inheritdoc/>
    public override int Count => _codes.Count;

    /// <inheritdoc/>
    public override IReadOnlyList<RowArray> Arrays => _arrays;

    /// <inheritdoc/>
    public override string Layout => $"int8, {_settings.Dimensions} dimensions, {_settings.Distance}"
        + $"{(_bits is null ? "" : ", bits")}{(_floats is null ? "" : ", vectors kept")}";

    /// <inheritdoc/>
    public override long ScannedBytes => (long)Count * (_bits?.RowBytes ?? _codes.RowBytes + _scales.RowBytes + (_measures?.RowBytes ?? 0));

    /// <inheritdoc/>
    public override bool IsSimilarity => DistanceKinds.IsSimilarity(_settings.Distance);

    private bool IsCosine => DistanceKinds.IsCosine(_settings.Distance);

    private bool IsEuclidean => DistanceKinds.IsEuclidean(_settings.Distance);

    /// <inheritdoc/>
    public override PreparedVector Prepare(object? vector)
    {
        byte[] codes = new byte[_settings.Dimensions];
        if (VectorReader.Codes(vector) is (ReadOnlyMemory<sbyte> given, float givenScale))
        {
            _settings.ThrowUnlessDimensions(given.Length);
            MemoryMarshal.AsBytes(given.Span).CopyTo(codes);
            float[]? dequantized = null;
            if (_floats is not null)
            {
                dequantized = new float[codes.Length];
                QuantizationPrimitives.Dequantize(given.Span, givenScale, (sbyte)0, dequantized);
            }

            return new PreparedVector(codes, givenScale, dequantized);
        }

        ReadOnlySpan<float> values = ReadFloats(vector).Span;
        Span<float> scale = [0];
        QuantizationPrimitives.DynamicQuantizeRows(values, codes.Length, MemoryMarshal.Cast<byte, sbyte>(codes.AsSpan()), scale);
        return new PreparedVector(codes, scale[0], _floats is null ? null : values.ToArray());
    }

    /// <inheritdoc/>
    public override QueryVector PrepareQuery(object? vector)
    {
        if (VectorReader.Codes(vector) is (ReadOnlyMemory<sbyte> given, float givenScale))
        {
            // Codes are taken as they are, so that distances between codes are exact.
            _settings.ThrowUnlessDimensions(given.Length);
            float[] dequantized = new float[given.Length];
            QuantizationPrimitives.Dequantize(given.Span, givenScale, (sbyte)0, dequantized);
            double norm = givenScale * Math.Sqrt(QuantizationPrimitives.Dot(given.Span, given.Span));
            return new QueryVector(Array.ConvertAll(given.ToArray(), code => (short)code), givenScale, norm, dequantized, []);
        }

        float[] values = ReadFloats(vector).ToArray();
        double magnitudes = 0;
        double squares = 0;
        float largest = 0;
        foreach (float value in values)
        {
            magnitudes += Math.Abs((double)value);
            squares += (double)value * value;
            largest = Math.Max(largest, Math.Abs(value));
        }

        // Sums of products with 8-bit codes must fit 32 bits; rounding adds at most half a step to each magnitude.
        double step = Math.Max(largest / (double)short.MaxValue, magnitudes / (int.MaxValue / 128 - values.Length));
        float scale = Math.Max(MathF.BitIncrement((float)step), SmallestScale);
        short[] codes = new short[values.Length];
        QuantizationPrimitives.Quantize(values, scale, (short)0, codes.AsSpan());
        return new QueryVector(codes, scale, Math.Sqrt(squares), values, []);
    }

    /// <inheritdoc/>
    public override void Add(PreparedVector vector)
    {
        foreach (RowArray array in Arrays)
        {
            array.Add();
        }

        Set(Count - 1, vector);
        LearnThresholdsAtTimes();
    }

    /// <inheritdoc/>
    public override void Set(int row, PreparedVector vector)
    {
        vector.Codes.CopyTo(_codes.Row(row));
        Single(_scales, row) = vector.Scale;
        if (_measures is not null)
        {
            ReadOnlySpan<sbyte> codes = Codes(row);
            long squares = QuantizationPrimitives.Dot(codes, codes);
            Single(_measures, row) = IsEuclidean ? (float)(squares * (double)vector.Scale * vector.Scale)
                : squares == 0 ? float.NaN
                : (float)(1 / Math.Sqrt(squares));
        }

        vector.Floats?.AsSpan().CopyTo(MemoryMarshal.Cast<byte, float>(_floats!.Row(row)));
        SetBits(row);
    }

    /// <inheritdoc/>
    public override void MoveLastTo(int row)
    {
        foreach (RowArray array in Arrays)
        {
            array.Row(array.Count - 1).CopyTo(array.Row(row));
            array.RemoveLast();
        }
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        Load([.. Arrays.Select(array => new RowArray(array.RowBytes))]);
        _thresholds = new float[_settings.Dimensions];
    }

    /// <inheritdoc/>
    public override object Read(int row)
    {
        float[]? floats = _floats is null ? null : MemoryMarshal.Cast<byte, float>(_floats.Row(row)).ToArray();
        return VectorReader.ToProperty(_settings.PropertyType, Codes(row), Single(_scales, row), floats);
    }

    /// <inheritdoc/>
    public override void Load(IReadOnlyList<RowArray> arrays)
    {
        Queue<RowArray> rest = new(arrays);
        _codes = rest.Dequeue();
        _scales = rest.Dequeue();
        _measures = _measures is null ? null : rest.Dequeue();
        _bits = _bits is null ? null : rest.Dequeue();
        _floats = _floats is null ? null : rest.Dequeue();
        _arrays = [.. arrays];
    }

    private static ref float Single(RowArray array, int row) => ref MemoryMarshal.AsRef<float>(array.Row(row));

    private ReadOnlySpan<sbyte> Codes(int row) => MemoryMarshal.Cast<byte, sbyte>(_codes.Row(row));

    private ReadOnlyMemory<float> ReadFloats(object? vector)
    {
        ReadOnlyMemory<float> values = VectorReader.Floats(vector) ?? throw _settings.NotOfTheType(vector);
        _settings.ThrowUnlessDimensions(values.Length);
        return TensorPrimitives.IsFiniteAll(values.Span) ? values : throw _settings.NotFinite();
    }
}
