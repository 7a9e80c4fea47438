using Microsoft.Extensions.VectorData;

namespace Quantization.Extensions.AI;

/// <summary>How a <see cref="QuantizedCollection{TKey, TRecord}"/> keeps and searches vectors.</summary>
public sealed class QuantizedCollectionOptions : VectorStoreCollectionOptions
{
    private int _candidatesPerResult = 20;
    private int _fewestCandidates = 200;

    /// <summary>The defaults.</summary>
    public QuantizedCollectionOptions()
    {
    }

    /// <summary>A copy.</summary>
    /// <param name="source">The options to copy; null for the defaults.</param>
    public QuantizedCollectionOptions(QuantizedCollectionOptions? source)
        : base(source)
    {
        if (source is not null)
        {
            KeepVectors = source.KeepVectors;
            _candidatesPerResult = source._candidatesPerResult;
            _fewestCandidates = source._fewestCandidates;
        }
    }

    /// <summary>
    /// Whether float vectors are kept beside their codes. They come back as they were given, and the last ranking and all scores use them;
    /// they take four times the memory of the codes. False by default: vectors come back as what their codes stand for.
    /// </summary>
    public bool KeepVectors { get; set; }

    /// <summary>
    /// With <see cref="IndexKind.QuantizedFlat"/>: how many candidates the bits give for each result (<c>Top + Skip</c>). More are more
    /// exact and slower.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public int CandidatesPerResult
    {
        get => _candidatesPerResult;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            _candidatesPerResult = value;
        }
    }

    /// <summary>With <see cref="IndexKind.QuantizedFlat"/>: how many candidates the bits give at least.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public int FewestCandidates
    {
        get => _fewestCandidates;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            _fewestCandidates = value;
        }
    }
}
