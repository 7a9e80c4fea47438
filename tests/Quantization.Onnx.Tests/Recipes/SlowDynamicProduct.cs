namespace Quantization.Onnx.Tests.Recipes;

/// <summary>
/// What ONNX says of DynamicQuantizeLinear and MatMulInteger, value by value, beside weights that were rounded value by value.
/// </summary>
internal static class SlowDynamicProduct
{
    /// <summary>A matrix as codes and a scale for each column, or the same for all.</summary>
    public static (int[,] Codes, float[] Scales) Round(float[] matrix, int rows, int columns, bool perTensor = false)
    {
        int[,] codes = new int[rows, columns];
        float[] scales = new float[columns];
        float all = matrix.Max(MathF.Abs);
        for (int column = 0; column < columns; column++)
        {
            float largest = perTensor ? all : Enumerable.Range(0, rows).Max(row => MathF.Abs(matrix[(row * columns) + column]));
            scales[column] = (float)((double)largest / 127);
            for (int row = 0; row < rows; row++)
            {
                codes[row, column] = (int)Math.Clamp(
                    Math.Round((double)(matrix[(row * columns) + column] / scales[column]), MidpointRounding.ToEven), -127, 127);
            }
        }

        return (codes, scales);
    }

    /// <summary>The product of an input, whose range is its own, and a rounded matrix.</summary>
    public static float[] Multiply(float[] x, (int[,] Codes, float[] Scales) matrix)
    {
        float least = MathF.Min(x.Min(), 0), most = MathF.Max(x.Max(), 0);
        float scale = most == least ? 1 : (most - least) / 255;
        int zeroPoint = (int)MathF.Round(Math.Clamp(-least / scale, 0, 255), MidpointRounding.ToEven);
        int[] codes = [.. x.Select(value => Math.Clamp((int)MathF.Round(value / scale, MidpointRounding.ToEven) + zeroPoint, 0, 255))];
        (int inputs, int columns) = (matrix.Codes.GetLength(0), matrix.Codes.GetLength(1));
        float[] y = new float[x.Length / inputs * columns];
        for (int i = 0; i < y.Length; i++)
        {
            (int row, int column) = (i / columns, i % columns);
            int sum = Enumerable.Range(0, inputs).Sum(k => (codes[(row * inputs) + k] - zeroPoint) * matrix.Codes[k, column]);
            y[i] = sum * (scale * matrix.Scales[column]);
        }

        return y;
    }

    /// <summary>A matrix with rows and columns exchanged.</summary>
    public static float[] Transpose(float[] matrix, int rows, int columns) =>
        [.. Enumerable.Range(0, matrix.Length).Select(i => matrix[(i % rows * columns) + (i / rows)])];
}
