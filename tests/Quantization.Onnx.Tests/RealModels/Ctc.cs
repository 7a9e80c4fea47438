using System.Text;

namespace Quantization.Onnx.Tests.RealModels;

/// <summary>Connectionist temporal classification, read greedily.</summary>
internal static class Ctc
{
    /// <summary>The text of a row of steps: the likeliest class of each, repetitions once, class 0 (blank) left out.</summary>
    public static string Decode(ReadOnlySpan<float> scores, string[] alphabet)
    {
        StringBuilder text = new();
        int last = 0;
        for (; !scores.IsEmpty; scores = scores[alphabet.Length..])
        {
            int best = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(scores[..alphabet.Length]);
            text.Append(best == last ? "" : alphabet[best]);
            last = best;
        }

        return text.ToString();
    }

    /// <summary>The character error rate: edits (insertions, deletions, substitutions) to the right texts, a character of them.</summary>
    public static double ErrorRate(IEnumerable<(string Right, string Read)> lines)
    {
        (long edits, long characters) = lines.Aggregate(
            (0L, 0L), (sum, line) => (sum.Item1 + Edits(line.Right, line.Read), sum.Item2 + line.Right.Length));
        return edits / (double)characters;
    }

    /// <summary>Levenshtein's distance.</summary>
    private static int Edits(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 0; i < a.Length; i++)
        {
            int diagonal = row[0]++;
            for (int j = 0; j < b.Length; j++)
            {
                int substituted = diagonal + (a[i] == b[j] ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(substituted, Math.Min(diagonal, row[j]) + 1);
            }
        }

        return row[^1];
    }
}
