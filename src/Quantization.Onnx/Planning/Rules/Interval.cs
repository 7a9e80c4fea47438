namespace Quantization.Onnx;

/// <summary>An interval of numbers.</summary>
/// <param name="Least">The lower end; it may be infinite.</param>
/// <param name="Most">The upper end; it may be infinite.</param>
internal readonly record struct Interval(double Least, double Most)
{
    /// <summary>Every number.</summary>
    public static Interval All { get; } = new(double.NegativeInfinity, double.PositiveInfinity);

    /// <summary>0 alone.</summary>
    public static Interval Zero => default;

    /// <summary>Whether every number is in it.</summary>
    public bool IsAll => this == All;

    /// <summary>The interval between two ends in any order; every number where one of them is not a number.</summary>
    public static Interval Between(double one, double other) =>
        double.IsNaN(one) || double.IsNaN(other) ? All : new Interval(Math.Min(one, other), Math.Max(one, other));

    /// <summary>The smallest interval around both.</summary>
    public Interval Union(Interval other) => new(Math.Min(Least, other.Least), Math.Max(Most, other.Most));

    /// <summary>What is in both, widened to contain 0 as ranges of codes do.</summary>
    public Interval Intersect(Interval other) => new(Math.Min(Math.Max(Least, other.Least), 0), Math.Max(Math.Min(Most, other.Most), 0));
}
