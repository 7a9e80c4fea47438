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

    /// <summary>The ranges whose errors are computed together, while the weights are at hand.</summary>
    private const int Together = 4;

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
        ReadOnlySpan<float> weights, int stride, int input, int rows, ReadOnlySpan<float> importance, Span<float> scales,
        Span<float> zeroPoints,
            Span<uint> words, Span<float> noise, Span<float> signal)
    {
        ref float first = ref MemoryMarshal.GetReference(weights);
        Vector256<float> least = Vector256<float>.Zero, most = Vector256<float>.Zero;
        Vector256<int> magnitude = Vector256<int>.Zero;
        for (int row = 0; row < rows; row++)
        {
            Vector256<float> weight = Vector256.LoadUnsafe(ref first, (nuint)(row * stride));
            least = Vector256.MinNative(least, weight);
            most = Vector256.MaxNative(most, weight);
            magnitude = Vector256.Max(magnitude, weight.AsInt32() & Vector256.Create(int.MaxValue));
        }

        // As integers, the bits of infinity and of NaN are above those of every finite magnitude.
        if (!Vector256.LessThanAll(magnitude, Vector256.Create(float.PositiveInfinity).AsInt32()))
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
        (Vector256<float> noises, Vector256<float> signals) = Pack(ref first, stride, rows, importance, scale, zeroPoint, words);
        noises.CopyTo(noise);
        signals.CopyTo(signal);
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
        Span<BlockRange> ranges = stackalloc BlockRange[Together];
        Span<Vector256<float>> errors = stackalloc Vector256<float>[Together];
        for (int step = 0; step < Steps; step += Together)
        {
            for (int i = 0; i < Together; i++)
            {
                (Vector256<float> scale, Vector256<float> zeroPoint) = RangeOf(least, most, 1 - (step + i) * Step);
                ranges[i] = new BlockRange(scale, zeroPoint, _largest);
            }

            if (gram is null)
            {
                FindErrors(ref first, stride, rows, importance, ranges, errors);
            }
            else
            {
                FindOutputErrors(ref first, stride, input, rows, ranges, errors);
            }

            for (int i = 0; i < Together; i++)
            {
                Vector256<float> isBetter = Vector256.LessThan(errors[i], best);
                best = Vector256.ConditionalSelect(isBetter, errors[i], best);
                bestScale = Vector256.ConditionalSelect(isBetter, ranges[i].Scale, bestScale);
                bestZeroPoint = Vector256.ConditionalSelect(isBetter, ranges[i].ZeroPoint, bestZeroPoint);
            }
        }

        return (bestScale, bestZeroPoint);
    }

    /// <summary>The sums of the squared errors that several ranges make, in one pass over the weights.</summary>
    private static void FindErrors(
        ref float first, int stride, int rows, ReadOnlySpan<float> importance, ReadOnlySpan<BlockRange> ranges,
        Span<Vector256<float>> errors)
    {
        BlockRange range0 = ranges[0], range1 = ranges[1], range2 = ranges[2], range3 = ranges[3];
        Vector256<float> sum0 = Vector256<float>.Zero, sum1 = sum0, sum2 = sum0, sum3 = sum0;
        for (int row = 0; row < rows; row++)
        {
            Vector256<float> weight = Vector256.LoadUnsafe(ref first, (nuint)(row * stride));
            Vector256<float> error0 = range0.ErrorOf(weight), error1 = range1.ErrorOf(weight), error2 = range2.ErrorOf(weight),
                error3 = range3.ErrorOf(weight);
            Vector256<float> square0 = error0 * error0, square1 = error1 * error1, square2 = error2 * error2, square3 = error3 * error3;
            if (!importance.IsEmpty)
            {
                Vector256<float> factor = Vector256.Create(importance[row]);
                (square0, square1, square2, square3) = (square0 * factor, square1 * factor, square2 * factor, square3 * factor);
            }

            sum0 += square0;
            sum1 += square1;
            sum2 += square2;
            sum3 += square3;
        }

        (errors[0], errors[1], errors[2], errors[3]) = (sum0, sum1, sum2, sum3);
    }

    /// <summary>
    /// The energy of what the errors of a block add to the outputs, e · G · eᵀ over the block's inputs, for several ranges in one pass.
    /// </summary>
    [SkipLocalsInit]
    private void FindOutputErrors(
        ref float first, int stride, int input, int rows, ReadOnlySpan<BlockRange> ranges, Span<Vector256<float>> errors)
    {
        BlockRange range0 = ranges[0], range1 = ranges[1], range2 = ranges[2], range3 = ranges[3];
        Vector256<float> sum0 = Vector256<float>.Zero, sum1 = sum0, sum2 = sum0, sum3 = sum0;
        Span<Vector256<float>> seen = stackalloc Vector256<float>[rows * Together];
        ref Vector256<float> earlier = ref MemoryMarshal.GetReference(seen);
        for (int row = 0; row < rows; row++)
        {
            Vector256<float> weight = Vector256.LoadUnsafe(ref first, (nuint)(row * stride));
            Vector256<float> others0 = Vector256<float>.Zero, others1 = others0, others2 = others0, others3 = others0;
            ref float products = ref gram!.Sums[(long)(input + row) * gram.Inputs + input];
            for (int i = 0; i < row; i++)
            {
                Vector256<float> product = Vector256.Create(Unsafe.Add(ref products, i));
                ref Vector256<float> before = ref Unsafe.Add(ref earlier, i * Together);
                others0 += before * product;
                others1 += Unsafe.Add(ref before, 1) * product;
                others2 += Unsafe.Add(ref before, 2) * product;
                others3 += Unsafe.Add(ref before, 3) * product;
            }

            Vector256<float> own = Vector256.Create(Unsafe.Add(ref products, row));
            Vector256<float> error0 = range0.ErrorOf(weight), error1 = range1.ErrorOf(weight), error2 = range2.ErrorOf(weight),
                error3 = range3.ErrorOf(weight);
            sum0 += error0 * (others0 + others0 + error0 * own);
            sum1 += error1 * (others1 + others1 + error1 * own);
            sum2 += error2 * (others2 + others2 + error2 * own);
            sum3 += error3 * (others3 + others3 + error3 * own);
            ref Vector256<float> place = ref Unsafe.Add(ref earlier, row * Together);
            (place, Unsafe.Add(ref place, 1), Unsafe.Add(ref place, 2), Unsafe.Add(ref place, 3)) = (error0, error1, error2, error3);
        }

        (errors[0], errors[1], errors[2], errors[3]) = (sum0, sum1, sum2, sum3);
    }

    /// <summary>Rounds the weights to codes, and sums the squares of what that changes and of the weights.</summary>
    private (Vector256<float> Noise, Vector256<float> Signal) Pack(
        ref float first, int stride, int rows, ReadOnlySpan<float> importance, Vector256<float> scale, Vector256<float> zeroPoint,
        Span<uint> words)
    {
        int perWord = shape.CodesPerWord, bits = shape.Bits;
        Vector256<int> padding = Vector256.ConvertToInt32Native(zeroPoint);

        // Sums of even and of odd rows, so that the next one need not wait.
        Vector256<float> noise = Vector256<float>.Zero, oddNoise = noise, signal = noise, oddSignal = noise;
        for (int start = 0, word = 0; start < shape.Size; start += perWord, word += Lanes)
        {
            Vector256<int> codes = Vector256<int>.Zero;
            for (int i = perWord - 2; i >= 0; i -= 2)
            {
                int row = start + i;
                Vector256<int> odd = row + 1 < rows
                    ? CodeOf(ref first, row + 1, stride, importance, scale, zeroPoint, ref oddNoise, ref oddSignal)
                    : padding;
                Vector256<int> even = row < rows
                    ? CodeOf(ref first, row, stride, importance, scale, zeroPoint, ref noise, ref signal)
                    : padding;
                codes = (codes << (2 * bits)) | (odd << bits) | even;
            }

            codes.AsUInt32().CopyTo(words[word..]);
        }

        return (noise + oddNoise, signal + oddSignal);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<int> CodeOf(
        ref float first, int row, int stride, ReadOnlySpan<float> importance, Vector256<float> scale, Vector256<float> zeroPoint,
        ref Vector256<float> noise, ref Vector256<float> signal)
    {
        Vector256<float> weight = Vector256.LoadUnsafe(ref first, (nuint)(row * stride));
        Vector256<float> code = Clamp(Vector256.Round(weight / scale) + zeroPoint);
        Vector256<float> error = (code - zeroPoint) * scale - weight;
        Vector256<float> noiseOfRow = error * error, signalOfRow = weight * weight;
        if (!importance.IsEmpty)
        {
            Vector256<float> factor = Vector256.Create(importance[row]);
            (noiseOfRow, signalOfRow) = (noiseOfRow * factor, signalOfRow * factor);
        }

        noise += noiseOfRow;
        signal += signalOfRow;
        return Vector256.ConvertToInt32Native(code);
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
