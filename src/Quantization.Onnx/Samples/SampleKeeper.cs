using System.Collections;

namespace Quantization.Onnx;

/// <summary>
/// Samples that are read just once, of which a few are kept: each has the same chance, however many there are (reservoir sampling). The
/// same samples in the same order always keep the same ones.
/// </summary>
/// <param name="samples">The samples.</param>
/// <param name="most">How many to keep at most.</param>
/// <param name="mostBytes">The memory that they take at most, where one alone does not take more.</param>
internal sealed class SampleKeeper(ISampleSource samples, int most, long mostBytes = SampleKeeper.UsualBytes) : ISampleSource
{
    /// <summary>The memory that kept samples take at most.</summary>
    private const long UsualBytes = 64 << 20;

    private readonly Random _random = new(1);
    private readonly SortedDictionary<long, ModelSample> _kept = [];
    private int _room = most;
    private long _bytes;
    private long _read;

    /// <summary>The first sample; null as long as it has not been read.</summary>
    public ModelSample? First { get; private set; }

    /// <summary>Receives progress after each sample; null if nothing listens.</summary>
    public Action<ModelSample>? Seen { private get; set; }

    /// <summary>The samples that were kept, in their order.</summary>
    public IReadOnlyList<ModelSample> Kept => [.. _kept.Values];

    /// <summary>Hands out the samples that were kept, and keeps them no longer.</summary>
    public IReadOnlyList<ModelSample> Take()
    {
        IReadOnlyList<ModelSample> taken = Kept;
        _kept.Clear();
        return taken;
    }

    public int? Count => samples.Count;

    public IEnumerator<ModelSample> GetEnumerator()
    {
        foreach (ModelSample sample in samples)
        {
            Add(sample);
            yield return sample;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Reads samples and gives those that are kept.</summary>
    /// <param name="samples">The samples, which are read only where some are wanted.</param>
    /// <param name="most">How many to keep at most.</param>
    /// <param name="cancellationToken">Stops between samples.</param>
    public static IReadOnlyList<ModelSample> Read(ISampleSource samples, int most, CancellationToken cancellationToken)
    {
        SampleKeeper keeper = new(samples, most);
        foreach (ModelSample _ in most == 0 ? [] : (IEnumerable<ModelSample>)keeper)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return keeper.Kept;
    }

    /// <summary>Takes in a sample that was read.</summary>
    public void Add(ModelSample sample)
    {
        Seen?.Invoke(sample);
        First ??= sample;
        long number = _read++;
        if (_room == 0 || (_kept.Count == _room && _random.NextInt64(_read) >= _room))
        {
            return;
        }

        if (_kept.Count == _room)
        {
            RemoveOne();
        }

        _kept.Add(number, sample);
        _bytes += SizeOf(sample);
        while (_bytes > mostBytes && _kept.Count > 1)
        {
            RemoveOne();
            _room = _kept.Count;
        }
    }

    private void RemoveOne()
    {
        (long number, ModelSample sample) = _kept.ElementAt(_random.Next(_kept.Count));
        _kept.Remove(number);
        _bytes -= SizeOf(sample);
    }

    /// <summary>The bytes of a sample, whether it was read from its file or not.</summary>
    private static long SizeOf(ModelSample sample)
    {
        long bytes = 0;
        foreach (SampleTensor input in sample.Inputs)
        {
            long size = SampleElementType.SizeOf(input.ElementType);
            foreach (long length in input.Shape)
            {
                size = Math.Min(size * length, int.MaxValue);
            }

            bytes += size;
        }

        return bytes;
    }
}
