using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>The mean of x · xᵀ over the inputs x that a matrix of weights multiplies, as samples show them.</summary>
/// <param name="inputs">The length of x.</param>
/// <param name="sums">The sums, row by row.</param>
internal sealed class GramMatrix(int inputs, float[] sums)
{
    /// <summary>Makes a matrix of zeros.</summary>
    /// <param name="inputs">The length of x.</param>
    public GramMatrix(int inputs)
        : this(inputs, new float[(long)inputs * inputs])
    {
    }

    /// <summary>The length of x.</summary>
    public int Inputs => inputs;

    /// <summary>The sums of products, row by row. Both halves are filled.</summary>
    public float[] Sums => sums;

    /// <summary>The inputs added up.</summary>
    public long Count { get; set; }

    /// <summary>Adds matrices up.</summary>
    public static GramMatrix Sum(IReadOnlyList<GramMatrix> grams)
    {
        GramMatrix sum = new(grams[0].Inputs);
        foreach (GramMatrix gram in grams)
        {
            TensorPrimitives.Add(sum.Sums, gram.Sums, sum.Sums);
            sum.Count += gram.Count;
        }

        return sum;
    }

    /// <summary>The matrix of inputs that were divided by scales.</summary>
    public GramMatrix Divide(float[] scales)
    {
        GramMatrix divided = new(inputs) { Count = Count };
        for (int row = 0; row < inputs; row++)
        {
            for (int column = 0; column < inputs; column++)
            {
                long index = (long)row * inputs + column;
                divided.Sums[index] = Sums[index] / (scales[row] * scales[column]);
            }
        }

        return divided;
    }

    /// <summary>The mean square of each input.</summary>
    public float[] MeanSquares()
    {
        float[] means = new float[inputs];
        for (int i = 0; i < inputs; i++)
        {
            means[i] = Sums[(long)i * inputs + i] / Math.Max(1, Count);
        }

        return means;
    }
}
