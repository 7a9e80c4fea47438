namespace Quantization.Benchmarks.Report;

/// <summary>What one operation took at one width, and what stands beside it. Times are seconds of a call.</summary>
/// <param name="Section">What is mapped to what.</param>
/// <param name="Operation">The granularity, or what else distinguishes operations of a section.</param>
/// <param name="Elements">How many values.</param>
/// <param name="Bytes">The bytes that must be read and written.</param>
/// <param name="Seconds">What ours took.</param>
internal sealed record Measured(string Section, string Operation, long Elements, double Bytes, double Seconds)
{
    /// <summary>What ONNX Runtime's operator took, which chooses its width itself.</summary>
    public double? OnnxRuntime { get; init; }

    /// <summary>What a loop of the same traffic took.</summary>
    public double? Limit { get; init; }

    /// <summary>What another operation took that is the yardstick at the same width.</summary>
    public double? Beside { get; init; }

    /// <summary>That operation.</summary>
    public string? BesideName { get; init; }

    /// <summary>The least ratio to it that is asked for.</summary>
    public double BesideTarget { get; init; }
}
