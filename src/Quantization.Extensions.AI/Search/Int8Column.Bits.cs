using System.Numerics.Tensors;
using Quantization.Extensions.AI.Storage;

namespace Quantization.Extensions.AI.Search;

/// <summary>
/// One bit per value: whether it is at least a threshold, the mean of the rows. The mean is not known at first, so it is learned again each
/// time the column has grown to four times its rows, up to a size at which it hardly moves.
/// </summary>
internal sealed partial class Int8Column
{
    private const int FirstLearning = 64;
    private const int LastLearning = 1 << 18;

    /// <summary>A row's values, for the one writer.</summary>
    private readonly float[] _values;
    private float[] _thresholds;

    /// <inheritdoc/>
    public override float[] Learned
    {
        get => _bits is null ? [] : _thresholds;
        set => _thresholds = value;
    }

    private void LearnThresholdsAtTimes()
    {
        // 64, 256, 1024 … rows: powers of four.
        bool isPowerOfFour = int.IsPow2(Count) && int.Log2(Count) % 2 == 0;
        if (_bits is null || !isPowerOfFour || Count is < FirstLearning or > LastLearning)
        {
            return;
        }

        float[] sums = new float[_settings.Dimensions];
        for (int row = 0; row < Count; row++)
        {
            ReadForBits(row);
            TensorPrimitives.Add<float>(sums, _values, sums);
        }

        TensorPrimitives.Divide(sums, Count, sums);
        _thresholds = sums;
        for (int row = 0; row < Count; row++)
        {
            SetBits(row);
        }
    }

    private void SetBits(int row)
    {
        if (_bits is not null)
        {
            ReadForBits(row);
            QuantizationPrimitives.QuantizeSigns(_values, _values.Length, _bits.Row(row), offsets: _thresholds);
        }
    }

    /// <summary>The bits of a query.</summary>
    private byte[] ToBits(QueryVector query)
    {
        float[] values = query.Floats;
        if (IsCosine && query.Norm > 0)
        {
            values = Array.ConvertAll(values, value => (float)(value / query.Norm));
        }

        byte[] bits = new byte[CodeFormat.UInt1.GetByteCount(values.Length)];
        QuantizationPrimitives.QuantizeSigns(values, values.Length, bits, offsets: _thresholds);
        return bits;
    }

    /// <summary>What the bits are made from: the vector, of length 1 where only its direction counts.</summary>
    private void ReadForBits(int row)
    {
        float factor = IsCosine ? Single(_measures!, row) : Single(_scales, row);
        if (factor > 0)
        {
            QuantizationPrimitives.Dequantize(Codes(row), factor, (sbyte)0, _values);
        }
        else
        {
            Array.Clear(_values);
        }
    }
}
