namespace Quantization.Onnx;

/// <summary>When a body runs, and what it gets.</summary>
internal enum BodyKind
{
    /// <summary>A branch: it runs where the condition chooses it, and reads values of the graph around it alone.</summary>
    Branch,

    /// <summary>A loop: it runs as long as its condition holds, and hands values to its next iteration.</summary>
    Loop,

    /// <summary>A scan: it runs once for each slice of its inputs, and hands values to its next iteration.</summary>
    Scan,
}
