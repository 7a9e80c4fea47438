using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>
/// A lower triangle L with Lᵀ · L equal to a Gram matrix whose rows and columns were put into another order. The rounding of GPTQ reads
/// from it how errors that were made are best made up for.
/// </summary>
internal sealed unsafe class GramFactor
{
    /// <summary>The rows that are factored together.</summary>
    private const int Block = 64;

    private const float MaxDamping = 1;

    private GramFactor(int inputs, int stride, float[] values)
    {
        Inputs = inputs;
        Stride = stride;
        Values = values;
    }

    /// <summary>The rows and columns.</summary>
    public int Inputs { get; }

    /// <summary>How far rows are apart.</summary>
    public int Stride { get; }

    /// <summary>The values, row by row. Those right of the diagonal are of no meaning.</summary>
    public float[] Values { get; }

    /// <summary>Factors a matrix.</summary>
    /// <param name="gram">The matrix.</param>
    /// <param name="order">The input at each place of the order.</param>
    /// <param name="damping">The share of the mean of the diagonal that is added to the diagonal; more where the factor needs it.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public static GramFactor Of(GramMatrix gram, int[] order, float damping, CancellationToken cancellationToken)
    {
        int inputs = gram.Inputs, stride = Panels.RoundUp(inputs);
        double mean = 0;
        for (int i = 0; i < inputs; i++)
        {
            mean += gram.Sums[(long)i * inputs + i] / (double)inputs;
        }

        mean = mean > 0 ? mean : 1;
        for (float share = damping; ; share *= 10)
        {
            float[] values = Permute(gram, order, stride, (float)(share * mean));
            if (Factor(values, inputs, stride, cancellationToken) || share > MaxDamping)
            {
                return new GramFactor(inputs, stride, values);
            }
        }
    }

    private static float[] Permute(GramMatrix gram, int[] order, int stride, float added)
    {
        float[] values = new float[(long)gram.Inputs * stride];
        Parallel.For(0, gram.Inputs, row =>
        {
            ReadOnlySpan<float> source = gram.Sums.AsSpan(order[row] * gram.Inputs, gram.Inputs);
            for (int column = 0; column <= row; column++)
            {
                values[(long)row * stride + column] = source[order[column]];
            }

            values[(long)row * stride + row] += added;
        });
        return values;
    }

    /// <summary>Factors in place, from the last row up; false where the matrix is not positive.</summary>
    private static bool Factor(float[] values, int inputs, int stride, CancellationToken cancellationToken)
    {
        for (int end = inputs; end > 0; end -= Block)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int start = Math.Max(0, end - Block);
            Subtract(values, inputs, stride, start, end);
            for (int row = end - 1; row >= start; row--)
            {
                Span<float> current = values.AsSpan(row * stride, row + 1);
                for (int below = row + 1; below < end; below++)
                {
                    ReadOnlySpan<float> other = values.AsSpan(below * stride, row + 1);
                    TensorPrimitives.MultiplyAdd(other, -other[row], current, current);
                }

                float pivot = current[row];
                if (!(pivot > 0))
                {
                    return false;
                }

                TensorPrimitives.Multiply(current, 1 / MathF.Sqrt(pivot), current);
            }
        }

        return true;
    }

    /// <summary>Takes what the rows below contribute off a block of rows.</summary>
    private static void Subtract(float[] values, int inputs, int stride, int start, int end)
    {
        int depth = inputs - end, rows = (end - start + TileKernel.Rows - 1) / TileKernel.Rows * TileKernel.Rows;
        if (depth == 0)
        {
            return;
        }

        float[] factors = new float[(long)depth * rows];
        Panels.Pack(values.AsSpan(end * stride + start), stride, depth, end - start, TileKernel.Rows, factors);
        TensorPrimitives.Negate(factors, factors);
        Parallel.For(0, (end + TileKernel.Columns - 1) / TileKernel.Columns, () =>
            (Panel: new float[depth * TileKernel.Columns], Tile: new float[TileKernel.Rows * TileKernel.Columns]), (strip, _, buffers) =>
        {
            int first = strip * TileKernel.Columns, width = Math.Min(TileKernel.Columns, end - first);
            Panels.Pack(values.AsSpan(end * stride + first), stride, depth, width, TileKernel.Columns, buffers.Panel);
            fixed (float* a = factors, b = buffers.Panel, tile = buffers.Tile)
            {
                for (int row = start; row < end; row += TileKernel.Rows)
                {
                    buffers.Tile.AsSpan().Clear();
                    TileKernel.Add(a + (long)(row - start) * depth, b, TileKernel.Columns, depth, tile, TileKernel.Columns);
                    for (int i = 0; i < Math.Min(TileKernel.Rows, end - row); i++)
                    {
                        Span<float> target = values.AsSpan((row + i) * stride + first, width);
                        TensorPrimitives.Add(target, buffers.Tile.AsSpan(i * TileKernel.Columns, width), target);
                    }
                }
            }

            return buffers;
        }, _ => { });
        // Values right of the diagonal get sums too; nobody reads them.
    }
}
