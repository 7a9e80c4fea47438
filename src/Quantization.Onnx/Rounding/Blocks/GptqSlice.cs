using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Quantization.Onnx;

/// <summary>Rounds some outputs of a matrix by GPTQ.</summary>
internal sealed unsafe class GptqSlice
{
    /// <summary>The outputs that are rounded together.</summary>
    public const int Width = 64;

    /// <summary>The inputs whose errors are added to later ones one by one; those before are added together.</summary>
    private const int Block = 64;

    private readonly BlockShape _shape;
    private readonly float[] _errors;
    private readonly byte[] _codes;
    private readonly float[] _sums = new float[Block * Width];
    private readonly float[] _scales;
    private readonly float[] _zeroPoints;
    private readonly float[] _own = new float[Width];
    private readonly float[] _chosen = new float[Width];

    /// <param name="shape">The matrix.</param>
    public GptqSlice(BlockShape shape)
    {
        _shape = shape;
        _errors = new float[(long)shape.Inputs * Width];
        _codes = new byte[(long)shape.Inputs * Width];
        _scales = new float[shape.Blocks * Width];
        _zeroPoints = new float[shape.Blocks * Width];
    }

    /// <summary>Rounds outputs.</summary>
    /// <param name="steps">The weights, the codes and what is known of the inputs.</param>
    /// <param name="firstOutput">The first output.</param>
    /// <param name="result">Has the ranges, and gets the codes.</param>
    public void Round(GptqSteps steps, int firstOutput, QuantizedBlocks result)
    {
        int outputs = Math.Min(Width, _shape.Outputs - firstOutput);
        _errors.AsSpan().Clear();
        ReadRanges(firstOutput, outputs, result);
        for (int start = 0; start < _shape.Inputs; start += Block)
        {
            int end = Math.Min(start + Block, _shape.Inputs);
            AddErrors(steps.FactorPanels, start, end);
            for (int place = start; place < end; place++)
            {
                ReadOnlySpan<float> row = steps.Factor.Values.AsSpan(place * steps.Factor.Stride, place + 1);
                AddErrors(row[start..place], start, place - start);
                Choose(steps, firstOutput, outputs, place, place - start, row[place]);
            }
        }

        WriteCodes(steps.Order, firstOutput, outputs, result);
    }

    private void ReadRanges(int firstOutput, int outputs, QuantizedBlocks result)
    {
        _scales.AsSpan().Fill(1);
        for (int i = 0; i < outputs; i++)
        {
            for (int block = 0; block < _shape.Blocks; block++)
            {
                int index = (firstOutput + i) * _shape.Blocks + block;
                _scales[block * Width + i] = result.Scales[index];
                _zeroPoints[block * Width + i] = result.ZeroPointOf(index);
            }
        }
    }

    /// <summary>What the errors of all earlier inputs add to the targets of a block.</summary>
    private void AddErrors(float[] panels, int start, int end)
    {
        _sums.AsSpan().Clear();
        fixed (float* a = panels, errors = _errors, sums = _sums)
        {
            for (int place = start; start > 0 && place < end; place += TileKernel.Rows)
            {
                for (int column = 0; column < Width; column += TileKernel.Columns)
                {
                    TileKernel.Add(
                        a + (long)place * _shape.Inputs, errors + column, Width, start, sums + (place - start) * Width + column, Width);
                }
            }
        }
    }

    /// <summary>What errors of the same block add to the target of one input.</summary>
    /// <param name="factors">What each error is multiplied by.</param>
    /// <param name="start">The first input of the block.</param>
    /// <param name="row">The row of the sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddErrors(ReadOnlySpan<float> factors, int start, int row)
    {
        const int Step = 8;
        fixed (float* all = _errors, sums = _sums)
        {
            float* e = all + (long)start * Width, s = sums + row * Width;
            Vector256<float> s0 = Vector256.Load(s), s1 = Vector256.Load(s + Step), s2 = Vector256.Load(s + 2 * Step),
                s3 = Vector256.Load(s + 3 * Step), s4 = Vector256.Load(s + 4 * Step), s5 = Vector256.Load(s + 5 * Step),
                s6 = Vector256.Load(s + 6 * Step), s7 = Vector256.Load(s + 7 * Step);
            for (int i = 0; i < factors.Length; i++, e += Width)
            {
                Vector256<float> factor = Vector256.Create(factors[i]);
                s0 = Vector256.FusedMultiplyAdd(factor, Vector256.Load(e), s0);
                s1 = Vector256.FusedMultiplyAdd(factor, Vector256.Load(e + Step), s1);
                s2 = Vector256.FusedMultiplyAdd(factor, Vector256.Load(e + 2 * Step), s2);
                s3 = Vector256.FusedMultiplyAdd(factor, Vector256.Load(e + 3 * Step), s3);
                s4 = Vector256.FusedMultiplyAdd(factor, Vector256.Load(e + 4 * Step), s4);
                s5 = Vector256.FusedMultiplyAdd(factor, Vector256.Load(e + 5 * Step), s5);
                s6 = Vector256.FusedMultiplyAdd(factor, Vector256.Load(e + 6 * Step), s6);
                s7 = Vector256.FusedMultiplyAdd(factor, Vector256.Load(e + 7 * Step), s7);
            }

            s0.Store(s);
            s1.Store(s + Step);
            s2.Store(s + 2 * Step);
            s3.Store(s + 3 * Step);
            s4.Store(s + 4 * Step);
            s5.Store(s + 5 * Step);
            s6.Store(s + 6 * Step);
            s7.Store(s + 7 * Step);
        }
    }

    /// <summary>Chooses the codes of one input, nearest to what makes up for the errors of the others.</summary>
    private void Choose(GptqSteps steps, int firstOutput, int outputs, int place, int row, float pivot)
    {
        int input = steps.Order[place], block = input / _shape.Size;
        steps.Weights.AsSpan((int)((long)input * _shape.Outputs + firstOutput), outputs).CopyTo(_own);
        Vector256<float> largest = Vector256.Create((float)steps.LargestCode), divisor = Vector256.Create(pivot);
        for (int i = 0; i < Width; i += Vector256<float>.Count)
        {
            Vector256<float> own = Vector256.LoadUnsafe(ref _own[i]), scale = Vector256.LoadUnsafe(ref _scales[block * Width + i]),
                zeroPoint = Vector256.LoadUnsafe(ref _zeroPoints[block * Width + i]),
                target = own + Vector256.LoadUnsafe(ref _sums[row * Width + i]) / divisor;
            Vector256<float> code = Vector256.MinNative(
                Vector256.MaxNative(Vector256.Round(target / scale) + zeroPoint, Vector256<float>.Zero), largest);
            (own - (code - zeroPoint) * scale).StoreUnsafe(ref _errors[place * Width + i]);
            code.StoreUnsafe(ref _chosen[i]);
        }

        TensorPrimitives.ConvertTruncating<float, byte>(_chosen, _codes.AsSpan(place * Width, Width));
    }

    /// <summary>
    /// Puts the codes where they belong. The places of the last block past the last input get the zero point, as rounding to the nearest
    /// does.
    /// </summary>
    private void WriteCodes(int[] order, int firstOutput, int outputs, QuantizedBlocks result)
    {
        for (int place = 0; place < order.Length; place++)
        {
            for (int i = 0; i < outputs; i++)
            {
                result.SetCode(firstOutput + i, order[place], _codes[place * Width + i]);
            }
        }

        for (int i = 0; i < outputs; i++)
        {
            int zeroPoint = result.ZeroPointOf((firstOutput + i) * _shape.Blocks + _shape.Blocks - 1);
            for (int input = _shape.Inputs; input < _shape.Blocks * _shape.Size; input++)
            {
                result.SetCode(firstOutput + i, input, zeroPoint);
            }
        }
    }
}
