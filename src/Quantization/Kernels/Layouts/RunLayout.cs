using System.Numerics;

namespace Quantization.Kernels;

/// <summary>
/// Cuts a tensor into runs: stretches of consecutive elements that share a parameter, or that take consecutive parameters, one each. Seen
/// along the axis of a granularity, a tensor is [outer][axis][inner]; runs never cross an outer index.
/// </summary>
internal readonly struct RunLayout
{
    /// <summary>The lanes of the widest vector: shorter blocks would need several parameters in one.</summary>
    private const int ShortestBlockRun = 16;

    /// <summary>The elements of the longest step of a map: rows of other lengths would end within one.</summary>
    public const int RowStep = 64;

    private readonly nint _outerStride;
    private readonly nint _runStride;
    private readonly nint _runsPerOuter;

    /// <summary>Runs that read the same parameters: the rows of a block, where the axis is not the last.</summary>
    private readonly nint _runsPerParameter;
    private readonly nint _parameterStride;
    private readonly nint _parametersPerOuter;

    private RunLayout(
        nint outer, nint outerStride, nint runStride, nint runsPerParameter, nint parameterStride, nint parametersPerOuter,
        nint parameterCount, ParameterLookup lookup, int blockShift = 0, nint rowLength = 0)
    {
        _outerStride = outerStride;
        _runStride = Math.Max(runStride, 1);
        _runsPerParameter = runsPerParameter;
        _parameterStride = parameterStride;
        _parametersPerOuter = parametersPerOuter;
        _runsPerOuter = DivideUp(outerStride, _runStride);
        RunCount = outer * _runsPerOuter;
        Length = outer * outerStride;
        ParameterCount = parameterCount;
        Lookup = lookup;
        BlockShift = blockShift;
        RowLength = rowLength;
    }

    /// <summary>How many elements the tensor has.</summary>
    public nint Length { get; }

    /// <summary>How many runs there are; 0 for an empty tensor.</summary>
    public nint RunCount { get; }

    /// <summary>How many parameters the tensor needs.</summary>
    public nint ParameterCount { get; }

    /// <summary>Which parameter the elements of a run take.</summary>
    public ParameterLookup Lookup { get; }

    /// <summary>Whether element i of a run takes parameter <c>Run.Parameter + i</c>.</summary>
    public bool ParameterPerElement => Lookup == ParameterLookup.PerElement;

    /// <summary>log₂ of the block size, where <see cref="Lookup"/> is per block.</summary>
    public int BlockShift { get; }

    /// <summary>The elements of a row, where <see cref="Lookup"/> is per row.</summary>
    public nint RowLength { get; }

    /// <summary>Elements that share one parameter.</summary>
    public static RunLayout OneRun(nint length) => new(1, length, length, 1, 0, 0, 1, ParameterLookup.PerRun);

    /// <summary>The runs of a tensor of shape <paramref name="shape"/>.</summary>
    /// <exception cref="ArgumentException">The tensor has no such axis.</exception>
    /// <param name="granularity">Which elements share a parameter.</param>
    /// <param name="shape">The tensor's shape.</param>
    /// <param name="mergeBlocks">Whether blocks that follow one another may form one run.</param>
    /// <param name="mergeRows">
    /// Whether rows of a channel or a block that follow one another may form one run, and rows of elements with a channel each.
    /// </param>
    public static RunLayout Create(Granularity granularity, ReadOnlySpan<nint> shape, bool mergeBlocks = false, bool mergeRows = false)
    {
        if (granularity.Kind == GranularityKind.PerTensor)
        {
            return OneRun(Product(shape));
        }

        int axis = granularity.GetAxis(shape.Length);
        nint outer = Product(shape[..axis]);
        nint count = shape[axis];
        nint inner = Product(shape[(axis + 1)..]);
        if (granularity.Kind == GranularityKind.PerChannel)
        {
            if (mergeRows && MayMergeRows(inner))
            {
                return new RunLayout(outer, count * inner, count * inner, 1, 0, 0, count, ParameterLookup.PerRow, rowLength: inner);
            }

            if (mergeRows && inner == 1 && ParameterTable.PeriodOf(count) > 1)
            {
                return new RunLayout(1, outer * count, outer * count, 1, 0, 0, count, ParameterLookup.PerColumn);
            }

            return inner == 1
                ? new RunLayout(outer, count, count, 1, 0, 0, count, ParameterLookup.PerElement)
                : new RunLayout(outer, count * inner, inner, 1, 1, 0, count, ParameterLookup.PerRun);
        }

        nint blocks = DivideUp(count, granularity.BlockSize);
        nint parameters = outer * blocks * inner;
        if (mergeRows && inner == 1 && MayMergeRows(granularity.BlockSize) && count % granularity.BlockSize == 0)
        {
            return new RunLayout(
                1, outer * count, outer * count, 1, 0, 0, parameters, ParameterLookup.PerRow, rowLength: granularity.BlockSize);
        }

        if (mergeBlocks && inner == 1 && granularity.BlockSize >= ShortestBlockRun && BitOperations.IsPow2(granularity.BlockSize)
            && count % granularity.BlockSize == 0)
        {
            return new RunLayout(1, outer * count, outer * count, 1, 0, 0, parameters, ParameterLookup.PerBlock, BitOperations.Log2(
                (uint)granularity.BlockSize));
        }

        return (inner, granularity.BlockSize) switch
        {
            (1, 1) => new RunLayout(outer, count, count, 1, 0, count, parameters, ParameterLookup.PerElement),
            (1, _) => new RunLayout(outer, count, granularity.BlockSize, 1, 1, blocks, parameters, ParameterLookup.PerRun),
            _ => new RunLayout(
                outer, count * inner, inner, granularity.BlockSize, inner, blocks * inner, parameters, ParameterLookup.PerElement),
        };
    }

    /// <summary>Run number <paramref name="index"/> of <see cref="RunCount"/>, in the order of the elements.</summary>
    public Run GetRun(nint index)
    {
        (nint outer, nint run) = Math.DivRem(index, _runsPerOuter);
        nint first = run * _runStride;
        return new Run(
            outer * _outerStride + first,
            Math.Min(_runStride, _outerStride - first),
            outer * _parametersPerOuter + run / _runsPerParameter * _parameterStride);
    }

    /// <summary>The run that contains <paramref name="element"/>.</summary>
    public nint RunOf(nint element)
    {
        if (RunCount <= 1)
        {
            return 0;
        }

        (nint outer, nint rest) = Math.DivRem(element, _outerStride);
        return outer * _runsPerOuter + rest / _runStride;
    }

    /// <summary>
    /// The part of run number <paramref name="index"/> that lies in the elements from <paramref name="from"/> to before
    /// <paramref name="to"/>.
    /// </summary>
    public Run GetRun(nint index, nint from, nint to)
    {
        Run run = GetRun(index);
        nint start = Math.Max(run.Start, from);
        return Part(run, start - run.Start, Math.Min(run.Start + run.Count, to) - start);
    }

    /// <summary>The <paramref name="count"/> elements of a run that follow its first <paramref name="skip"/>.</summary>
    public Run Part(Run run, nint skip, nint count) =>
        new(run.Start + skip, count, Lookup == ParameterLookup.PerElement ? run.Parameter + skip : run.Parameter);

    /// <summary>
    /// The number that parameters of a run are looked up from: its first element for blocks, rows and columns, its first parameter
    /// otherwise.
    /// </summary>
    public nint IndexOf(Run run) => Lookup switch
    {
        ParameterLookup.PerBlock or ParameterLookup.PerColumn => run.Start,
        ParameterLookup.PerRow => run.Start % _outerStride,
        _ => run.Parameter,
    };

    /// <summary>The parameter of a run's first element.</summary>
    public nint ParameterOf(Run run) => Lookup switch
    {
        ParameterLookup.PerBlock => run.Start >> BlockShift,
        ParameterLookup.PerRow => IndexOf(run) / RowLength,
        ParameterLookup.PerColumn => run.Start % ParameterCount,
        _ => run.Parameter,
    };

    /// <summary>Rows that end with a step, and are short enough to gain by it.</summary>
    public static bool MayMergeRows(nint rowLength) => rowLength is > 0 and < LaneSource.LongRun && rowLength % RowStep == 0;

    private static nint DivideUp(nint dividend, nint divisor) => dividend / divisor + (dividend % divisor == 0 ? 0 : 1);

    private static nint Product(ReadOnlySpan<nint> lengths)
    {
        nint product = 1;
        foreach (nint length in lengths)
        {
            product = checked(product * length);
        }

        return product;
    }
}
