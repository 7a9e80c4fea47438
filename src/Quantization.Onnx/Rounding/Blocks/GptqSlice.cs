using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>Rounds some outputs of a matrix by GPTQ.</summary>
internal sealed unsafe class GptqSlice
{
    /// <summary>The inputs whose errors are added to later ones one by one; those before are added together.</summary>
    private const int Block = 64;

    private readonly BlockShape _shape;
    private readonly int _width;
    private readonly float[] _errors;
    private readonly float[] _sums;
    private readonly float[] _scales;
    private readonly float[] _zeroPoints;

    /// <param name="shape">The matrix.</param>
    /// <param name="width">The outputs, a multiple of a tile's columns.</param>
    public GptqSlice(BlockShape shape, int width)
    {
        _shape = shape;
        _width = width;
        _errors = new float[(long)shape.Inputs * width];
        _sums = new float[Block * width];
        _scales = new float[shape.Blocks * width];
        _zeroPoints = new float[shape.Blocks * width];
    }

    /// <summary>Rounds outputs.</summary>
    /// <param name="grid">The codes.</param>
    /// <param name="weights">The weights, a row for each input.</param>
    /// <param name="order">The input at each place of the order.</param>
    /// <param name="factor">The factor of the Gram matrix in that order.</param>
    /// <param name="panels">Its rows as panels.</param>
    /// <param name="firstOutput">The first output.</param>
    /// <param name="result">Has the ranges, and gets the codes.</param>
    public void Round(BlockGrid grid, float[] weights, int[] order, GramFactor factor, float[] panels, int firstOutput,
        QuantizedBlocks result)
    {
        int outputs = Math.Min(_width, _shape.Outputs - firstOutput);
        _errors.AsSpan().Clear();
        ReadRanges(firstOutput, outputs, result);
        for (int start = 0; start < _shape.Inputs; start += Block)
        {
            int end = Math.Min(start + Block, _shape.Inputs);
            AddEarlier(panels, start, end);
            for (int place = start; place < end; place++)
            {
                Span<float> sums = _sums.AsSpan((place - start) * _width, _width), errors = _errors.AsSpan(place * _width, _width);
                ReadOnlySpan<float> row = factor.Values.AsSpan(place * factor.Stride, place + 1);
                for (int earlier = start; earlier < place; earlier++)
                {
                    TensorPrimitives.MultiplyAdd(_errors.AsSpan(earlier * _width, _width), row[earlier], sums, sums);
                }

                int input = order[place], block = input / _shape.Size;
                ReadOnlySpan<float> scales = _scales.AsSpan(block * _width, _width),
                    zeroPoints = _zeroPoints.AsSpan(block * _width, _width);
                ReadOnlySpan<float> own = weights.AsSpan(input * _shape.Outputs + firstOutput, outputs);
                for (int i = 0; i < outputs; i++)
                {
                    float target = own[i] + sums[i] / row[place];
                    float code = Math.Clamp(MathF.Round(target / scales[i]) + zeroPoints[i], 0, grid.LargestCode);
                    errors[i] = own[i] - (code - zeroPoints[i]) * scales[i];
                    result.SetCode(firstOutput + i, input, (int)code);
                }
            }
        }

        FillPadding(firstOutput, outputs, result);
    }

    private void ReadRanges(int firstOutput, int outputs, QuantizedBlocks result)
    {
        for (int i = 0; i < outputs; i++)
        {
            for (int block = 0; block < _shape.Blocks; block++)
            {
                int index = (firstOutput + i) * _shape.Blocks + block;
                _scales[block * _width + i] = result.Scales[index];
                _zeroPoints[block * _width + i] = result.ZeroPointOf(index);
            }
        }
    }

    /// <summary>What the errors of all earlier blocks add to the targets of a block.</summary>
    private void AddEarlier(float[] panels, int start, int end)
    {
        _sums.AsSpan().Clear();
        fixed (float* a = panels, errors = _errors, sums = _sums)
        {
            for (int place = start; start > 0 && place < end; place += TileKernel.Rows)
            {
                for (int column = 0; column < _width; column += TileKernel.Columns)
                {
                    TileKernel.Add(a + (long)place * _shape.Inputs, errors + column, _width, start, sums + (place - start) * _width
                        + column, _width);
                }
            }
        }
    }

    /// <summary>Gives the places of the last block past the last input the zero point, as rounding to the nearest does.</summary>
    private void FillPadding(int firstOutput, int outputs, QuantizedBlocks result)
    {
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
