using Quantization.Kernels;

namespace Quantization.Codebooks;

/// <summary>Walks a tensor from its first element to its last, and cuts it where runs end and where the caller wants a cut.</summary>
internal ref struct RunPieces(RunLayout layout)
{
    private readonly RunLayout _layout = layout;
    private nint _nextRun;
    private Run _run;
    private nint _offset;

    /// <summary>The next piece: at most <paramref name="limit"/> elements of one run.</summary>
    /// <param name="limit">The most elements.</param>
    /// <param name="offset">The number of the piece's first element within its run.</param>
    /// <returns>The piece, with the parameter of the run's first element.</returns>
    public Run Next(nint limit, out nint offset)
    {
        if (_offset == _run.Count)
        {
            _run = _layout.GetRun(_nextRun++);
            _offset = 0;
        }

        offset = _offset;
        Run piece = new(_run.Start + _offset, Math.Min(_run.Count - _offset, limit), _run.Parameter);
        _offset += piece.Count;
        return piece;
    }
}
