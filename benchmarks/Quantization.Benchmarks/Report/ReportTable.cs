using System.Globalization;
using System.Text;

namespace Quantization.Benchmarks.Report;

/// <summary>Collects the lines of the report: what was measured, beside what, and whether the target is met.</summary>
internal sealed class ReportTable
{
    private readonly StringBuilder _text = new();

    public int Missed { get; private set; }

    /// <summary>Starts a section.</summary>
    public void Section(string title)
    {
        _text.Append(CultureInfo.InvariantCulture, $"\n## {title}\n\n| operation | elements | ours, GB/s | beside | its GB/s | ratio | target | |\n|---|---:|---:|---|---:|---:|---:|---|\n");
        Console.WriteLine($"\n{title}");
    }

    /// <summary>Adds a comparison. Throughput counts the bytes that must be read and written.</summary>
    public void Add(string operation, nint elements, double bytes, double ourSeconds, string beside, double theirSeconds, double target)
    {
        double ratio = theirSeconds / ourSeconds;
        bool met = ratio >= target;
        Missed += met ? 0 : 1;
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"| {operation} | {Size(elements)} | {bytes / ourSeconds / 1e9:F1} | {beside} | {bytes / theirSeconds / 1e9:F1} | {ratio:F2} | ≥ {target:0.##} | {(met ? "met" : "**missed**")} |");
        _text.AppendLine(line);
        Console.WriteLine(line);
    }

    public override string ToString() => _text.ToString();

    private static string Size(nint elements) => elements >= 1 << 20 ? $"{elements >> 20} M" : $"{elements >> 10} K";
}
