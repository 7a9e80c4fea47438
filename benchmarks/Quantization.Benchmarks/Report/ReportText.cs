using System.Globalization;
using System.Text;

namespace Quantization.Benchmarks.Report;

/// <summary>One table for each section: a line for each operation, a group of columns for each width.</summary>
internal sealed class ReportText
{
    private readonly IReadOnlyList<WidthRun> _widths;
    private readonly StringBuilder _text = new();

    public ReportText(IReadOnlyList<WidthRun> widths)
    {
        _widths = widths;
        foreach (IGrouping<string, Measured> section in widths[0].Rows.GroupBy(row => row.Section))
        {
            _text.Append(CultureInfo.InvariantCulture, $"\n## {section.Key}\n\n| operation | elements |");
            foreach (WidthRun width in widths)
            {
                _text.Append(CultureInfo.InvariantCulture, $" {width.Name}, GB/s | G elements/s | beside | |");
            }

            _text.AppendLine();
            _text.Append("|---|---:|");
            _text.Insert(_text.Length, "---:|---:|---|---|", widths.Count).AppendLine();
            foreach (Measured row in section)
            {
                AddLine(row);
            }
        }
    }

    public int Missed { get; private set; }

    public override string ToString() => _text.ToString();

    private void AddLine(Measured row)
    {
        _text.Append(CultureInfo.InvariantCulture, $"| {row.Operation} | {Size(row.Elements)} |");
        for (int width = 0; width < _widths.Count; width++)
        {
            Measured measured = _widths[width].Find(row)!;
            List<string> beside = [];
            bool? met = null;
            void Compare(string name, double? theirs, double target)
            {
                if (theirs is { } seconds)
                {
                    double ratio = seconds / measured.Seconds;
                    string asked = target > 0 ? string.Create(CultureInfo.InvariantCulture, $" (≥ {target:0.##})") : "";
                    beside.Add(string.Create(CultureInfo.InvariantCulture, $"{ratio:0.00} of {name}{asked}"));
                    met = target > 0 ? (met ?? false) | ratio >= target : met;
                }
            }

            // 128 bits have no targets: the width is that of ARM64, which no machine here has.
            ReportTarget? target = ReportTarget.Of(row);
            bool isWidest = width == 0;
            bool isSecond = width == 1 && _widths.Count == 3;
            Compare("ONNX Runtime", measured.OnnxRuntime, isWidest ? target?.OfOnnxRuntime ?? 0 : 0);
            Compare("the limit", measured.Limit, isWidest || isSecond ? ReportTarget.OfLimit : 0);
            Compare("512 bits", isSecond ? _widths[0].Find(row)!.Seconds : null, target?.OfWidest ?? 0);
            Compare(measured.BesideName ?? "", measured.Beside, isWidest || isSecond ? measured.BesideTarget : 0);
            Missed += met == false ? 1 : 0;
            string verdict = met is { } known ? known ? "met" : "**missed**" : "";
            _text.Append(
                CultureInfo.InvariantCulture,
                $" {measured.Bytes / measured.Seconds / 1e9:F1} | {measured.Elements / measured.Seconds / 1e9:F2} | "
                    + $"{string.Join(", ", beside)} | {verdict} |");
        }

        _text.AppendLine();
    }

    private static string Size(long elements) => elements >= 1 << 20 ? $"{elements >> 20} M" : $"{elements >> 10} K";
}
