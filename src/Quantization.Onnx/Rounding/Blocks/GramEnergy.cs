namespace Quantization.Onnx;

/// <summary>Computes <c>Σ e · G · eᵀ</c> over vectors e: the energy that they make of inputs with the Gram matrix G.</summary>
internal sealed unsafe class GramEnergy
{
    private readonly int _inputs;
    private readonly float[] _panels;

    /// <param name="gram">What samples say of the inputs.</param>
    public GramEnergy(GramMatrix gram)
    {
        _inputs = gram.Inputs;
        _panels = new float[(long)Panels.RoundUp(_inputs) * _inputs];
        Panels.Pack(gram.Sums, _inputs, _inputs, _inputs, TileKernel.Rows, _panels);
    }

    /// <summary>The energy of columns.</summary>
    /// <param name="columns">A row for each input, with a value for each vector.</param>
    /// <param name="count">The vectors, as many as fill tiles.</param>
    public double Of(float[] columns, int count)
    {
        float[] products = new float[(long)Panels.RoundUp(_inputs) * count];
        Parallel.For(0, count / TileKernel.Columns, strip =>
        {
            fixed (float* a = _panels, b = columns, c = products)
            {
                for (int row = 0; row < _inputs; row += TileKernel.Rows)
                {
                    TileKernel.Add(a + (long)row * _inputs, b + strip * TileKernel.Columns, count, _inputs, c + (long)row * count
                        + strip * TileKernel.Columns, count);
                }
            }
        });
        double sum = 0;
        for (int i = 0; i < columns.Length; i++)
        {
            sum += (double)columns[i] * products[i];
        }

        return sum;
    }
}
