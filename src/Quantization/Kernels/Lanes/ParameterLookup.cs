namespace Quantization.Kernels;

/// <summary>Which parameter the elements of a run take.</summary>
internal enum ParameterLookup
{
    /// <summary>All take <c>Run.Parameter</c>.</summary>
    PerRun,

    /// <summary>Element i takes parameter <c>Run.Parameter + i</c>.</summary>
    PerElement,

    /// <summary>
    /// Blocks whose size is a power of two, one after another: element e of the tensor takes parameter
    /// <c>e &gt;&gt; RunLayout.BlockShift</c>.
    /// </summary>
    PerBlock,

    /// <summary>
    /// Rows of equal length, a multiple of every step, one after another: element e of a run takes parameter
    /// <c>e / RunLayout.RowLength</c>.
    /// </summary>
    PerRow,

    /// <summary>
    /// As <see cref="PerElement"/>, for rows that follow one another: element e of the tensor takes parameter
    /// <c>e % RunLayout.ParameterCount</c>.
    /// </summary>
    PerColumn,
}
