using System.Globalization;
using System.Numerics.Tensors;
using System.Text;
using Quantization.Benchmarks.Support;

namespace Quantization.Benchmarks.Codebooks;

/// <summary>Bits against SQNR of every format, on the weights of the example classifier: a table and a picture for the docs.</summary>
internal static class WeightFormatStudy
{
    private static readonly Granularity PerChannel = Granularity.PerChannel(0);
    private static readonly Granularity PerBlock = Granularity.PerBlock(1, 32);

    public static int Run()
    {
        List<(string Name, nint[] Shape, float[] Values)> weights =
        [
            .. OnnxWeights.Read(RepositoryFiles.Model).Select(w => (w.Name, (nint[])[w.Shape[0], w.Values.Length / w.Shape[0]], w.Values))
        ];
        List<WeightFormat> formats = [.. Formats()];
        StringBuilder table = new();
        table.AppendLine("| bits | format | SQNR per channel, dB | SQNR per block of 32, dB |").AppendLine("|---:|---|---:|---:|");
        List<(WeightFormat Format, double Sqnr)> points = [];
        foreach (WeightFormat format in formats.OrderBy(format => format.Bits).ThenBy(format => format.Family, StringComparer.Ordinal))
        {
            double perChannel = Sqnr(weights, format, PerChannel);
            points.Add((format, perChannel));
            table.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {format.Bits:0.##} | {format.Name} | {perChannel:F1} | {Sqnr(weights, format, PerBlock):F1} |");
        }

        Console.WriteLine(table);
        string picture = Path.Combine(RepositoryFiles.Root, "docs", "images", "weight-formats.svg");
        Directory.CreateDirectory(Path.GetDirectoryName(picture)!);
        File.WriteAllText(picture, LineChart.Draw(
            "SQNR of the weights, scaled per channel", "bits a weight", "SQNR, dB", points.GroupBy(point => point.Format.Family)
                .Select(family => (family.Key, family.Select(point => (point.Format.Bits, point.Sqnr)).ToArray()))));
        Console.WriteLine($"{weights.Count} tensors, {weights.Sum(w => w.Values.Length)} weights; wrote {picture}");
        return 0;
    }

    private static IEnumerable<WeightFormat> Formats()
    {
        yield return new("sign", 1, "sign and mean magnitude", Binarize);
        for (int bits = 2; bits <= 8; bits++)
        {
            int b = bits;
            yield return new("integer", b, $"int{b}, symmetric", (values, shape, granularity) =>
                FakeQuantize(SymmetricQuantizer.FromTensor(new(values, shape), CodeFormat.Signed(b), granularity), values, shape));
        }

        for (int bits = 1; bits <= 8; bits++)
        {
            int levels = 1 << bits;
            yield return Book("mid-rise", bits, $"uniform mid-rise, {levels} levels", _ => Codebook.UniformMidRise(levels, 1), levels / 2f);
            yield return Book("Lloyd–Max", bits, $"Lloyd–Max, {levels} levels, learned per tensor", normalized =>
                Codebook.LloydMax(normalized, levels), 1);
        }

        for (int bits = 2; bits <= 8; bits++)
        {
            int b = bits;
            yield return Book("NormalFloat", b, $"NF{b}", _ => Codebook.NormalFloat(b));
            yield return Book("µ-law", b, $"µ-law, {1 << b} levels", _ => Codebook.MuLaw(1 << b));
            yield return Book("A-law", b, $"A-law, {1 << b} levels", _ => Codebook.ALaw(1 << b));
            yield return Book("powers of two", b, $"powers of two, {(1 << b) - 1} levels", _ => Codebook.PowersOfTwo(b));
        }

        yield return Book("FP4 E2M1", 4, "FP4 E2M1", _ => Codebook.Float4E2M1);
        yield return Book("FP8 E4M3FN", 8, "FP8 E4M3FN", _ => Codebook.Float8E4M3FN);
        yield return Book("FP8 E5M2", 8, "FP8 E5M2", _ => Codebook.Float8E5M2);
    }

    private static WeightFormat Book(string family, int bits, string name, Func<float[], Codebook> create, float? fullScale = null) =>
        new(family, bits, name, (values, shape, granularity) =>
        {
            // A learned codebook sees the values as the quantizer will: divided by the largest magnitude of their group.
            float[] normalized = Normalize(values, shape, granularity);
            return FakeQuantize(
                CodebookQuantizer.FromTensor(new(values, shape), create(normalized), CodeFormat.UInt8, granularity, fullScale),
                values,
                shape);
        });

    private static float[] Normalize(float[] values, nint[] shape, Granularity granularity)
    {
        CodebookQuantizer unit = CodebookQuantizer.FromTensor(new(values, shape), Codebook.Sign, CodeFormat.UInt8, granularity);
        float[] magnitudes = FakeQuantize(unit, values, shape);
        return [.. values.Select((value, i) => value / MathF.Abs(magnitudes[i]))];
    }

    private static float[] Binarize(float[] values, nint[] shape, Granularity granularity)
    {
        // The mean magnitude of each group as its scale; blocks of 32 are shorter than a word of signs.
        float[] units = FakeQuantize(
            CodebookQuantizer.FromTensor(new(values, shape), Codebook.Sign, CodeFormat.UInt8, granularity), values, shape);
        float[] results = new float[values.Length];
        int columns = (int)shape[1];
        int group = granularity.Kind == GranularityKind.PerBlock ? granularity.BlockSize : columns;
        for (int row = 0; row < shape[0]; row++)
        {
            for (int start = 0; start < columns; start += group)
            {
                int length = Math.Min(group, columns - start);
                float mean = TensorPrimitives.SumOfMagnitudes<float>(values.AsSpan(row * columns + start, length)) / length;
                for (int i = row * columns + start; i < row * columns + start + length; i++)
                {
                    results[i] = MathF.CopySign(mean, units[i]);
                }
            }
        }

        return results;
    }

    private static float[] FakeQuantize(IQuantizer quantizer, float[] values, nint[] shape)
    {
        float[] results = new float[values.Length];
        quantizer.FakeQuantize(new ReadOnlyTensorSpan<float>(values, shape), new TensorSpan<float>(results, shape));
        return results;
    }

    /// <summary>10 · log₁₀(Σx² / Σ(x − x̂)²) over all weights.</summary>
    private static double Sqnr(List<(string Name, nint[] Shape, float[] Values)> weights, WeightFormat format, Granularity granularity)
    {
        double signal = 0;
        double noise = 0;
        foreach ((_, nint[] shape, float[] values) in weights)
        {
            float[] results = format.FakeQuantize(values, shape, granularity);
            for (int i = 0; i < values.Length; i++)
            {
                double error = (double)values[i] - results[i];
                signal += (double)values[i] * values[i];
                noise += error * error;
            }
        }

        return 10 * Math.Log10(signal / noise);
    }

    private sealed record WeightFormat(string Family, double Bits, string Name, Func<float[], nint[], Granularity, float[]> FakeQuantize);
}
