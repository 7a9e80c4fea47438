namespace Quantization.Onnx;

/// <summary>How far the columns of a value reach in one sample.</summary>
/// <param name="Least">The smallest value of each column, 0 where none is negative.</param>
/// <param name="Most">The largest value of each column, 0 where none is positive.</param>
/// <param name="Rows">The number of rows.</param>
internal sealed record SampleColumns(float[] Least, float[] Most, int Rows)
{
    /// <summary>How far the value reaches where each column is divided by a factor.</summary>
    public (float Least, float Most) Divide(float[] factors)
    {
        float least = 0, most = 0;
        for (int i = 0; i < factors.Length; i++)
        {
            least = MathF.Min(least, Least[i] / factors[i]);
            most = MathF.Max(most, Most[i] / factors[i]);
        }

        return (least, most);
    }
}
