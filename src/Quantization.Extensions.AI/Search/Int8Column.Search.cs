using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Quantization.Extensions.AI.Storage;

namespace Quantization.Extensions.AI.Search;

/// <summary>The search: all rows by their codes, or candidates by their bits first.</summary>
internal sealed unsafe partial class Int8Column
{
    /// <summary>Rows whose figures fit the first-level cache.</summary>
    private const int BlockRows = 512;

    /// <summary>Where vectors are kept, so many times the rows that are wanted are ranked by them.</summary>
    private const int RankedByVectors = 4;

    /// <inheritdoc/>
    public override IReadOnlyList<(int Row, double Score)> Search(
        QueryVector query, int count, Func<int, bool>? accepts, CancellationToken cancellationToken)
    {
        int wanted = Clamp((long)count * (_floats is null ? 1 : RankedByVectors));
        int candidates = Clamp(Math.Max((long)wanted * _settings.CandidatesPerResult, _settings.FewestCandidates));
        if (Count == 0 || (IsCosine && query.Norm == 0))
        {
            return [];
        }

        NearestRows<float> nearest = new(wanted);
        if (_bits is null || candidates >= Count)
        {
            ScanCodes(query, nearest, accepts, cancellationToken);
        }
        else
        {
            Rank(ScanBits(ToBits(query), candidates, accepts, cancellationToken), query, nearest);
        }

        List<(int Row, double Score)> found = [.. nearest.ToArray().Select(each => (each.Row, Score(each.Row, query)))];
        GC.KeepAlive(this);
        IOrderedEnumerable<(int Row, double Score)> ordered =
            IsSimilarity ? found.OrderByDescending(each => each.Score) : found.OrderBy(each => each.Score);
        return [.. ordered.ThenBy(each => each.Row).Take(count)];
    }

    private int Clamp(long rows) => (int)Math.Min(rows, Count);

    private NearestRows<int> ScanBits(byte[] query, int count, Func<int, bool>? accepts, CancellationToken cancellationToken)
    {
        NearestRows<int> nearest = new(count);
        Span<int> distances = stackalloc int[BlockRows];
        for (int row = 0; row < Count; row += BlockRows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int rows = Math.Min(BlockRows, Count - row);
            ReadOnlySpan<byte> bits = new(_bits![row], rows * query.Length);
            CodeDistance.Hamming(bits, query, distances[..rows]);
            nearest.Add(distances[..rows], row, accepts);
        }

        return nearest;
    }

    /// <summary>Ranks candidates by their codes.</summary>
    private void Rank(NearestRows<int> candidates, QueryVector query, NearestRows<float> nearest)
    {
        int dot = 0;
        float distance = 0;
        foreach ((int row, int _) in candidates.ToArray())
        {
            QuantizationPrimitives.MultiplyVector(Codes(row), query.Codes, new Span<int>(ref dot));
            Distances(row, 1, &dot, &distance, query.Scale);
            nearest.Add(distance, row);
        }
    }

    private void ScanCodes(QueryVector query, NearestRows<float> nearest, Func<int, bool>? accepts, CancellationToken cancellationToken)
    {
        int* dots = stackalloc int[BlockRows];
        float* distances = stackalloc float[BlockRows];
        for (int row = 0; row < Count; row += BlockRows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int rows = Math.Min(BlockRows, Count - row);
            ReadOnlySpan<sbyte> codes = new(_codes[row], rows * _settings.Dimensions);
            QuantizationPrimitives.MultiplyVector(codes, query.Codes, new Span<int>(dots, rows));
            Distances(row, rows, dots, distances, query.Scale);
            nearest.Add(new ReadOnlySpan<float>(distances, rows), row, accepts);
        }
    }

    /// <summary>
    /// Figures that order rows as their distances do: −cosine and −dot product up to a factor, half the squared distance up to a summand.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Distances(int row, int rows, int* dots, float* distances, float queryScale)
    {
        float* scales = (float*)_scales[row];
        float* measures = _measures is null ? null : (float*)_measures[row];
        float* factors = IsCosine ? measures : scales;
        int i = 0;
        if (IsEuclidean)
        {
            for (; i <= rows - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector<float> products = Vector.ConvertToSingle(Vector.Load(dots + i)) * Vector.Load(factors + i) * queryScale;
                (Vector.Load(measures + i) * 0.5f - products).Store(distances + i);
            }

            for (; i < rows; i++)
            {
                distances[i] = measures[i] * 0.5f - dots[i] * factors[i] * queryScale;
            }

            return;
        }

        for (; i <= rows - Vector<float>.Count; i += Vector<float>.Count)
        {
            (-Vector.ConvertToSingle(Vector.Load(dots + i)) * Vector.Load(factors + i)).Store(distances + i);
        }

        for (; i < rows; i++)
        {
            distances[i] = -dots[i] * factors[i];
        }
    }

    /// <summary>What the distance function says of a row.</summary>
    private double Score(int row, QueryVector query)
    {
        double dot;
        double squares;
        if (_floats is not null)
        {
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(_floats.Row(row));
            dot = TensorPrimitives.Dot(values, query.Floats);
            squares = IsCosine || IsEuclidean ? TensorPrimitives.SumOfSquares(values) : 0;
        }
        else
        {
            int sum = 0;
            double scale = Single(_scales, row);
            ReadOnlySpan<sbyte> codes = Codes(row);
            QuantizationPrimitives.MultiplyVector(codes, query.Codes, new Span<int>(ref sum));
            dot = sum * scale * query.Scale;
            squares = IsCosine || IsEuclidean ? QuantizationPrimitives.Dot(codes, codes) * scale * scale : 0;
        }

        double cosine = Math.Clamp(dot / (Math.Sqrt(squares) * query.Norm), -1, 1);
        double squaredDistance = Math.Max(0, squares + query.Norm * query.Norm - 2 * dot);
        return _settings.Distance switch
        {
            DistanceKind.CosineSimilarity => cosine,
            DistanceKind.CosineDistance => 1 - cosine,
            DistanceKind.DotProductSimilarity => dot,
            DistanceKind.NegativeDotProductSimilarity => -dot,
            DistanceKind.EuclideanDistance => Math.Sqrt(squaredDistance),
            _ => squaredDistance,
        };
    }
}
