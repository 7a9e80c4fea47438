using Quantization.Extensions.AI.Storage;

namespace Quantization.Extensions.AI.Search;

/// <summary>
/// The vectors of one property of all records, as codes, row by row. Preparing needs no lock; everything else does: many readers or one
/// writer.
/// </summary>
internal abstract class VectorColumn
{
    /// <summary>The number of rows.</summary>
    public abstract int Count { get; }

    /// <summary>The arrays of a column, in the order of the file.</summary>
    public abstract IReadOnlyList<RowArray> Arrays { get; }

    /// <summary>What a file says of the column, which must be the same where it is loaded.</summary>
    public abstract string Layout { get; }

    /// <summary>What was learned from the rows; a file holds it.</summary>
    public virtual float[] Learned
    {
        get => [];
        set
        {
        }
    }

    /// <summary>Bytes that hold vectors.</summary>
    public long VectorBytes => Arrays.Sum(array => (long)array.RowBytes * array.Count);

    /// <summary>Bytes that a search reads of every row.</summary>
    public abstract long ScannedBytes { get; }

    /// <summary>Quantizes a vector.</summary>
    /// <exception cref="ArgumentException">
    /// The vector has other dimensions, a type that the column does not take, or values that are not finite.
    /// </exception>
    public abstract PreparedVector Prepare(object? vector);

    /// <summary>Adds a row.</summary>
    public abstract void Add(PreparedVector vector);

    /// <summary>Replaces a row.</summary>
    public abstract void Set(int row, PreparedVector vector);

    /// <summary>Puts the last row where another is, and removes the last.</summary>
    public abstract void MoveLastTo(int row);

    /// <summary>Removes all rows.</summary>
    public abstract void Clear();

    /// <summary>A row as a value of the property.</summary>
    public abstract object Read(int row);

    /// <summary>The nearest rows, the nearest first, with their scores.</summary>
    /// <param name="query">What is compared with the rows, in any of the forms that <see cref="Prepare"/> takes.</param>
    /// <param name="count">How many rows are wanted.</param>
    /// <param name="accepts">Says whether a row may be found; null where all may be.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public abstract IReadOnlyList<(int Row, double Score)> Search(
        QueryVector query, int count, Func<int, bool>? accepts, CancellationToken cancellationToken);

    /// <summary>Makes a query of a vector.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Prepare"/>.</exception>
    public abstract QueryVector PrepareQuery(object? vector);

    /// <summary>Takes the rows of a mapped file.</summary>
    public abstract void Load(IReadOnlyList<RowArray> arrays);

    /// <summary>Whether larger scores are nearer.</summary>
    public abstract bool IsSimilarity { get; }
}
