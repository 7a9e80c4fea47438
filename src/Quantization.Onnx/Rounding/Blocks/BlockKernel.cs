using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Finds the range of blocks and rounds their weights, for eight outputs at once: a lane is an output. Each lane computes what a loop over
/// the block would, in the same order, so results do not depend on the machine.
/// </summary>
/// <param name="shape">The matrix.</param>
/// <param name="grid">The codes.</param>
/// <param name="gram">
/// What samples say of the inputs, for ranges that minimize the error of the outputs; null where they minimize that of the weights.
/// </param>
internal readonly struct BlockKernel(BlockShape shape, BlockGrid grid, GramMatrix? gram = null)
{
    /// <summary>The outputs that are handled at once.</summary>
    public const int Lanes = 8;

    /// <summary>The ranges that a search tries are shorter by this share each.</summary>
    public const float Step = 0.02f;

    /// <summary>The ranges that a search tries.</summary>
    public const int Steps = 24;

    private readonly Vector256<float> _largest = Vector256.Create((float)grid.LargestCode);
    private readonly Vector256<float> _middle = Vector256.Create((float)grid.Middle);

    /// <summary>Quantizes one block of eight outputs.</summary>
    /// <param name="weights">The weights: a row for each input, of which the first eight are taken.</param>
    /// <param name="stride">How far the rows are apart.</param>
    /// <param name="input">The input of the first row.</param>
    /// <param name="rows">The rows that there are; the rest of the block is taken for zero-weights.</param>
    /// <param name="importance">The weight of each row's squared error; empty for equal ones.</param>
    /// <param name="scales">Gets eight scales.</param>
    /// <param name="zeroPoints">Gets eight zero points.</param>
    /// <param name="words">Gets the codes: for each word of a block eight of them.</param>
    /// <param name="noise">Gets eight sums of the squared errors, each multiplied by the importance of its row.</param>
    /// <param name="signal">Gets the same sums of the squared weights.</param>
    /// <returns>Whether all weights are finite.</returns>
    public bool Quantize(
        ReadOnlySpan<float> weights, int stride, int input, int rows, ReadOnlySpan<float> importance, Span<float> scales, Span<float> zeroPoints,
            Span<uint> words, Span<float> noise, Span<float> signal)
    {
        ref float first = ref MemoryMarshal.GetReference(weights);
        Vector256<float> least = Vector256<float>.Zero, most = Vector256<float>.Zero, traces = Vector256<float>.Zero;
        for (int row = 0; row < rows; row++)
        {
            Vector256<float> weight = Vector256.LoadUnsafe(ref first, (nuint)(row * stride));
            least = Vector256.MinNative(least, weight);
            most = Vector256.MaxNative(most, weight);
            traces += weight * Vector256<float>.Zero; // NaN where a weight is NaN or infinite
        }

        if (!Vector256.EqualsAll(traces, Vector256<float>.Zero))
        {
            return false;
        }

        (Vector256<float> scale, Vector256<float> zeroPoint) = RangeOf(least, most, 1);
        if (grid.IsSearched)
        {
            (scale, zeroPoint) = Search(ref first, stride, input, rows, importance, least, most);
        }

        scale.CopyTo(scales);
        zeroPoint.CopyTo(zeroPoints);
        Pack(ref first, stride, rows, scale, zeroPoint, words);
        ErrorOf(ref first, stride, rows, importance, scale, zeroPoint).CopyTo(noise);
        EnergyOf(ref first, stride, rows, importance).CopyTo(signal);
        return true;
    }

    /// <summary>The scale and the zero point of a range that is a share of the weights' own.</summary>
    private (Vector256<float> Scale, Vector256<float> ZeroPoint) RangeOf(Vector256<float> least, Vector256<float> most, float share)
    {
        Vector256<float> part = Vector256.Create(share);
        if (!grid.IsAffine)
        {
            // The weight that is furthest from 0 gets the code 0, the only one as far from the middle.
            Vector256<float> furthest = Vector256.ConditionalSelect(Vector256.GreaterThan(most, -least), most, least);
            return (ToStored(furthest * part / -_middle), _middle);
        }

        Vector256<float> scale = ToStored((most - least) * part / _largest);
        return (scale, Clamp(Vector256.Round(-least * part / scale)));
    }

    private (Vector256<float> Scale, Vector256<float> ZeroPoint) Search(
        ref float first, int stride, int input, int rows, ReadOnlySpan<float> importance, Vector256<float> least, Vector256<float> most)
    {
        Vector256<float> best = Vector256.Create(float.PositiveInfinity), bestScale = Vector256<float>.One,
            bestZeroPoint = Vector256<float>.Zero;
        for (int step = 0; step < Steps; step++)
        {
            (Vector256<float> scale, Vector256<float> zeroPoint) = RangeOf(least, most, 1 - step * Step);
            Vector256<float> error = gram is null ? ErrorOf(ref first, stride, rows, importance, scale, zeroPoint)
                : OutputErrorOf(ref first, stride, input, rows, scale, zeroPoint);
            Vector256<float> isBetter = Vector256.LessThan(error, best);
            best = Vector256.ConditionalSelect(isBetter, error, best);
            bestScale = Vector256.ConditionalSelect(isBetter, scale, bestScale);
            bestZeroPoint = Vector256.ConditionalSelect(isBetter, zeroPoint, bestZeroPoint);
        }

        return (bestScale, bestZeroPoint);
    }

    private Vector256<float> ErrorOf(
        ref float first, int stride, int rows, ReadOnlySpan<float> importance, Vector256<float> scale, Vector256<float> zeroPoint)
    {
        Vector256<float> error = Vector256<float>.Zero, inverse = Vector256<float>.One / scale, low = -zeroPoint,
            high = _largest - zeroPoint;
        for (int row = 0; row < rows; row++)
        {
            Vector256<float> weight = Vector256.LoadUnsafe(ref first, (nuint)(row * stride));
            Vector256<float> code = Vector256.MinNative(Vector256.MaxNative(Vector256.Round(weight * inverse), low), high);
            Vector256<float> difference = code * scale - weight;
            error += importance.IsEmpty ? difference * difference : difference * difference * Vector256.Create(importance[row]);
        }

        return error;
    }

    /// <summary>The energy of what the errors of a block add to the outputs: e · G · eᵀ over the block's inputs.</summary>
    private Vector256<float> OutputErrorOf(
        ref float first, int stride, int input, int rows, Vector256<float> scale, Vector256<float> zeroPoint)
    {
        Vector256<float> sum = Vector256<float>.Zero, inverse = Vector256<float>.One / scale, low = -zeroPoint, high = _largest - zeroPoint;
        Span<float> errors = stackalloc float[rows * Lanes];
        for (int row = 0; row < rows; row++)
        {
            Vector256<float> weight = Vector256.LoadUnsafe(ref first, (nuint)(row * stride));
            Vector256<float> code = Vector256.MinNative(Vector256.MaxNative(Vector256.Round(weight * inverse), low), high);
            Vector256<float> error = code * scale - weight, others = Vector256<float>.Zero;
            ref float products = ref gram!.Sums[(long)(input + row) * gram.Inputs + input];
            ref float earlier = ref MemoryMarshal.GetReference(errors);
            for (int i = 0; i < row; i++)
            {
                others += Vector256.LoadUnsafe(ref earlier, (nuint)(i * Lanes)) * Vector256.Create(Unsafe.Add(ref products, i));
            }

            sum += error * (others + others + error * Vector256.Create(Unsafe.Add(ref products, row)));
            error.StoreUnsafe(ref earlier, (nuint)(row * Lanes));
        }

        return sum;
    }

    private static Vector256<float> EnergyOf(ref float first, int stride, int rows, ReadOnlySpan<float> importance)
    {
        Vector256<float> energy = Vector256<float>.Zero;
        for (int row = 0; row < rows; row++)
        {
            Vector256<float> weight = Vector256.LoadUnsafe(ref first, (nuint)(row * stride));
            energy += importance.IsEmpty ? weight * weight : weight * weight * Vector256.Create(importance[row]);
        }

        return energy;
    }

    private void Pack(ref float first, int stride, int rows, Vector256<float> scale, Vector256<float> zeroPoint, Span<uint> words)
    {
        int perWord = shape.CodesPerWord;
        Vector256<int> padding = Vector256.ConvertToInt32(zeroPoint);
        for (int word = 0; word < shape.Size / perWord; word++)
        {
            Vector256<int> codes = Vector256<int>.Zero;
            for (int i = 0; i < perWord; i++)
            {
                int row = word * perWord + i;
                Vector256<int> code = row < rows
                    ? Vector256.ConvertToInt32(
                        Clamp(Vector256.Round(Vector256.LoadUnsafe(ref first, (nuint)(row * stride)) / scale) + zeroPoint))
                    : padding;
                codes |= code << (shape.Bits * i);
            }

            codes.AsUInt32().CopyTo(words[(word * Lanes)..]);
        }
    }

    private Vector256<float> Clamp(Vector256<float> code) =>
        Vector256.MinNative(Vector256.MaxNative(code, Vector256<float>.Zero), _largest);

    private Vector256<float> ToStored(Vector256<float> scale)
    {
        if (grid.ScaleType == TensorProto.Types.DataType.Float)
        {
            return Vector256.ConditionalSelect(Vector256.Equals(scale, Vector256<float>.Zero), Vector256<float>.One, scale);
        }

        Span<float> lanes = stackalloc float[Lanes];
        scale.CopyTo(lanes);
        foreach (ref float lane in lanes)
        {
            lane = grid.ToStored(lane);
        }

        return Vector256.Create<float>(lanes);
    }
}
