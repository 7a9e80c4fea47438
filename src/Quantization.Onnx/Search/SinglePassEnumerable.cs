using System.Collections;

namespace Quantization.Onnx;

/// <summary>A sequence that can be enumerated once, and whose rest can be gone through after somebody stopped half-way.</summary>
internal sealed class SinglePassEnumerable<T>(IEnumerable<T> source) : IEnumerable<T>, IDisposable
{
    private readonly IEnumerator<T> _source = source.GetEnumerator();
    private bool _isTaken;

    public IEnumerator<T> GetEnumerator()
    {
        if (_isTaken)
        {
            throw new InvalidOperationException("The outputs can be enumerated once, as the model runs while they are; keep what is needed of them.");
        }

        _isTaken = true;
        return Enumerate();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Drain()
    {
        while (_source.MoveNext())
        {
        }
    }

    public void Dispose() => _source.Dispose();

    private IEnumerator<T> Enumerate()
    {
        while (_source.MoveNext())
        {
            yield return _source.Current;
        }
    }
}
