namespace Quantization.Orleans;

/// <summary>The kinds of failures that travel.</summary>
internal enum FailureKind
{
    /// <summary>The worker or its storage; another worker may succeed.</summary>
    Worker,

    /// <summary>The model.</summary>
    Model,

    /// <summary>A sample.</summary>
    Data,

    /// <summary>An option.</summary>
    Argument,
}
