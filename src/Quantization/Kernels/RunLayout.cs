namespace Quantization.Kernels;

/// <summary>
/// Cuts a tensor into runs: stretches of consecutive elements that share a parameter, or that take consecutive parameters, one each. Seen along the axis of a granularity, a tensor
/// is [outer][axis][inner]; runs never cross an outer index.
/// </summary>
internal readonly struct RunLayout
{
    private readonly nint _outerStride;
    private readonly nint _runStride;
    private readonly nint _runsPerOuter;

    /// <summary>Runs that read the same parameters: the rows of a block, where the axis is not the last.</summary>
    private readonly nint _runsPerParameter;
    private readonly nint _parameterStride;
    private readonly nint _parametersPerOuter;

    private RunLayout(nint outer, nint outerStride, nint runStride, nint runsPerParameter, nint parameterStride, nint parametersPerOuter, nint parameterCount, bool parameterPerElement)
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
        ParameterPerElement = parameterPerElement;
    }

    /// <summary>How many elements the tensor has.</summary>
    public nint Length { get; }

    /// <summary>How many runs there are; 0 for an empty tensor.</summary>
    public nint RunCount { get; }

    /// <summary>How many parameters the tensor needs.</summary>
    public nint ParameterCount { get; }

    /// <summary>Whether element i of a run takes parameter <c>Run.Parameter + i</c>; otherwise all take <c>Run.Parameter</c>.</summary>
    public bool ParameterPerElement { get; }

    /// <summary>The runs of a tensor of shape <paramref name="shape"/>.</summary>
    /// <exception cref="ArgumentException">The tensor has no such axis.</exception>
    public static RunLayout Create(Granularity granularity, ReadOnlySpan<nint> shape)
    {
        if (granularity.Kind == GranularityKind.PerTensor)
        {
            nint length = Product(shape);
            return new RunLayout(1, length, length, 1, 0, 0, 1, parameterPerElement: false);
        }

        int axis = granularity.GetAxis(shape.Length);
        nint outer = Product(shape[..axis]);
        nint count = shape[axis];
        nint inner = Product(shape[(axis + 1)..]);
        if (granularity.Kind == GranularityKind.PerChannel)
        {
            return inner == 1
                ? new RunLayout(outer, count, count, 1, 0, 0, count, parameterPerElement: true)
                : new RunLayout(outer, count * inner, inner, 1, 1, 0, count, parameterPerElement: false);
        }

        nint blocks = DivideUp(count, granularity.BlockSize);
        nint parameters = outer * blocks * inner;
        return (inner, granularity.BlockSize) switch
        {
            (1, 1) => new RunLayout(outer, count, count, 1, 0, count, parameters, parameterPerElement: true),
            (1, _) => new RunLayout(outer, count, granularity.BlockSize, 1, 1, blocks, parameters, parameterPerElement: false),
            _ => new RunLayout(outer, count * inner, inner, granularity.BlockSize, inner, blocks * inner, parameters, parameterPerElement: true),
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
