namespace Quantization.Onnx;

/// <summary>What a runtime runs on integers, and in which form. Immutable data: nothing else asks which runtime it is.</summary>
internal sealed record Target
{
    /// <summary>What the runtime is called in keys and reports.</summary>
    public required string Name { get; init; }

    /// <summary>Whether this library's tests run quantized models with it, so that latency and fusion here say something of it.</summary>
    public bool IsRunHere { get; init; }

    /// <summary>Whether it runs ConvTranspose on integers. Where it does not, the operator is written as a sub-pixel convolution.</summary>
    public bool HasIntegerConvTranspose { get; init; }

    /// <summary>Whether it runs Sub on integers. Where it does not, the negative is added, read with a negative scale.</summary>
    public bool HasIntegerSub { get; init; }

    /// <summary>Whether MatMul of two computed values gains from integers.</summary>
    public bool GainsFromProducts { get; init; }

    /// <summary>Whether it runs Resize with interpolation on integers.</summary>
    public bool HasIntegerInterpolation { get; init; }

    /// <summary>Whether it looks rows up in a table of codes.</summary>
    public bool TakesTablesOfCodes { get; init; }

    /// <summary>Whether it multiplies codes whose range is found at run time.</summary>
    public bool TakesDynamicInputs { get; init; }

    /// <summary>Whether a Gemm whose result stays float needs its bias as int32 codes.</summary>
    public bool NeedsBiasCodes { get; init; }

    /// <summary>Whether it computes a Conv of several groups slowly on integers unless each group has one input and one output.</summary>
    public bool IsSlowInGroups { get; init; }

    /// <summary>Whether it quantizes float operators between pairs by itself, which barriers have to prevent.</summary>
    public bool QuantizesBetweenPairs { get; init; }

    /// <summary>Whether symmetric int8 activations are centred on 0 even where no value is negative.</summary>
    public bool CentresSymmetricCodes { get; init; }

    /// <summary>The only format of activations that it takes; null where the user chooses.</summary>
    public CodeFormat? ActivationFormat { get; init; }

    /// <summary>The only scheme of activations that it takes; null where the user chooses.</summary>
    public QuantizationScheme? ActivationScheme { get; init; }
}
