namespace Quantization.Benchmarks.Report;

/// <summary>One width of vectors: what turns wider ones off, and what was measured then.</summary>
/// <param name="Name">What the report calls it.</param>
/// <param name="SwitchedOff">The variable that turns the next wider vectors off; null for the widest.</param>
/// <param name="Rows">What was measured.</param>
internal sealed record WidthRun(string Name, string? SwitchedOff, IReadOnlyList<Measured> Rows)
{
    public Measured? Find(Measured like) => Rows.FirstOrDefault(row =>
        row.Section == like.Section && row.Operation == like.Operation && row.Elements == like.Elements);
}
