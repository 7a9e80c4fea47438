using System.Globalization;
using System.Text;

namespace Quantization.Recipes;

/// <summary>The results as a table and as a picture.</summary>
internal static class RecipeReport
{
    private const int Width = 720, Height = 420, Left = 70, Right = 170, Top = 40, Bottom = 60;

    public static void Write(IReadOnlyList<Measurement> results, string folder)
    {
        string table = Table(results);
        Console.WriteLine(table);
        File.WriteAllText(Path.Combine(folder, "results.md"), table);
        File.WriteAllText(Path.Combine(folder, "accuracy.svg"), Picture(results));
        Console.WriteLine($"Picture: {Path.GetFullPath(Path.Combine(folder, "accuracy.svg"))}");
    }

    private static string Table(IReadOnlyList<Measurement> results)
    {
        StringBuilder table = new();
        table.AppendLine("| what | top-1 % | epochs | seconds | in ONNX Runtime % | same prediction % | different codes % | bytes |");
        table.AppendLine("|---|---|---|---|---|---|---|---|");
        foreach (Measurement result in results)
        {
            table.AppendLine(CultureInfo.InvariantCulture,
                $"| {result.Name} | {result.Accuracy:F2} | {result.Epochs} | {result.Seconds:F0} | {result.Export?.Accuracy:F2} | "
                    + $"{result.Export?.Agreement:F2} | {result.Export?.DifferentCodes:F4} | {result.Export?.Bytes} |");
        }

        double[] seeds =
            [.. results.Where(result => result is { Method: "QAT", WeightBits: 4, ActivationBits: 4 }).Select(result => result.Accuracy)];
        double mean = seeds.Average();
        double deviation = Math.Sqrt(seeds.Sum(accuracy => (accuracy - mean) * (accuracy - mean)) / Math.Max(1, seeds.Length - 1));
        table.AppendLine();
        table.AppendLine(CultureInfo.InvariantCulture, $"QAT W4A4 over {seeds.Length} seeds: {mean:F2} % on average, standard deviation "
            + $"{deviation:F2}, from {seeds.Min():F2} to {seeds.Max():F2}.");
        return table.ToString();
    }

    private static string Picture(IReadOnlyList<Measurement> results)
    {
        double single = results.First(result => result.Method == "FP32").Accuracy;
        (int Bits, double Accuracy)[] ptq = Best(results, "PTQ"), qat = Best(results, "QAT");
        double low = Math.Max(0, Math.Floor(Math.Min(ptq.Min(point => point.Accuracy), qat.Min(point => point.Accuracy)) / 10) * 10);
        StringBuilder svg = new();
        svg.AppendLine(
            CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"13\">");
        svg.AppendLine("<style>text{fill:#57606a}@media(prefers-color-scheme:dark){text{fill:#b1bac4}}</style>");
        svg.AppendLine(
            CultureInfo.InvariantCulture,
            $"<text x=\"{Left}\" y=\"24\" font-size=\"16\">Top-1 accuracy against bits, Fashion-MNIST, 10,000 test images</text>");
        for (int tick = 0; tick <= 5; tick++)
        {
            double value = low + ((100 - low) * tick / 5);
            svg.AppendLine(CultureInfo.InvariantCulture,
                $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(value, low):F1}\" y2=\"{Y(value, low):F1}\" stroke=\"#8b949e\" "
                    + $"stroke-opacity=\".35\"/><text x=\"{Left - 8}\" y=\"{Y(value, low) + 4:F1}\" "
                    + $"text-anchor=\"end\">{value:F0} %</text>");
        }

        for (int bits = 2; bits <= 8; bits++)
        {
            svg.AppendLine(
                CultureInfo.InvariantCulture,
                $"<text x=\"{X(bits):F1}\" y=\"{Height - Bottom + 20}\" text-anchor=\"middle\">{bits}</text>");
        }

        svg.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 18}\" "
            + $"text-anchor=\"middle\">bits of weights and activations (first and last layer: 8)</text>");
        svg.AppendLine(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(single, low):F1}\" "
            + $"y2=\"{Y(single, low):F1}\" stroke=\"#8b949e\" stroke-dasharray=\"6 4\"/>");
        Curve(svg, ptq, low, "#ef4444");
        Curve(svg, qat, low, "#3b82f6");
        int row = 0;
        foreach ((string text, string color) in new[]
        {
            ($"FP32 {single.ToString("F2", CultureInfo.InvariantCulture)} %", "#8b949e"),
            ("QAT", "#3b82f6"),
            ("PTQ, best calibrator", "#ef4444")
        })
        {
            svg.AppendLine(CultureInfo.InvariantCulture, $"<rect x=\"{Width - Right + 14}\" y=\"{Top + (row * 22)}\" width=\"12\" "
                + $"height=\"12\" fill=\"{color}\"/><text x=\"{Width - Right + 32}\" y=\"{Top + 11 + (row * 22)}\">{text}</text>");
            row++;
        }

        return svg.AppendLine("</svg>").ToString();
    }

    private static (int Bits, double Accuracy)[] Best(IReadOnlyList<Measurement> results, string method) =>
        [.. results.Where(result => result.Method == method && result.WeightBits == result.ActivationBits)
            .GroupBy(result => result.WeightBits).OrderBy(group => group.Key)
            .Select(group => (group.Key, method == "PTQ" ? group.Max(result => result.Accuracy) : group.Average(result => result.Accuracy)))
    ];

    private static void Curve(StringBuilder svg, (int Bits, double Accuracy)[] points, double low, string color)
    {
        string path = string.Join(
            ' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.Bits):F1},{Y(point.Accuracy, low):F1}")));
        svg.AppendLine(CultureInfo.InvariantCulture, $"<polyline points=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>");
        foreach ((int bits, double accuracy) in points)
        {
            svg.AppendLine(CultureInfo.InvariantCulture,
                $"<circle cx=\"{X(bits):F1}\" cy=\"{Y(accuracy, low):F1}\" r=\"4\" fill=\"{color}\"><title>{bits} bits: {accuracy:F2} "
                    + $"%</title></circle>");
        }
    }

    private static double X(int bits) => Left + 20 + ((Width - Left - Right - 40) * (bits - 2) / 6.0);

    private static double Y(double accuracy, double low) => Top + ((Height - Top - Bottom) * (100 - accuracy) / (100 - low));
}
