using Quantization.Kernels;

namespace Quantization.Codebooks;

/// <summary>Walks a tensor from its first element to its last in tiles, and cuts each tile where the runs of the layout end.</summary>
internal ref struct RunPieces(RunLayout layout)
{
    private readonly RunLayout _layout = layout;
    private nint _nextRun;
    private Run _left;

    /// <summary>The next piece: at most <paramref name="limit"/> elements of one run.</summary>
    public Run Next(nint limit)
    {
        if (_left.Count == 0)
        {
            _left = _layout.GetRun(_nextRun++);
        }

        nint count = Math.Min(_left.Count, limit);
        Run piece = _left with { Count = count };
        _left = new Run(_left.Start + count, _left.Count - count, _layout.ParameterPerElement ? _left.Parameter + count : _left.Parameter);
        return piece;
    }
}
