namespace Quantization.Tests.Codebooks;

/// <summary>Codebooks of every kind and awkward ones.</summary>
internal static class SampleCodebooks
{
    public static TheoryData<string> Names => [.. All.Keys];

    public static Dictionary<string, Codebook> All { get; } = new()
    {
        ["three cells"] = new([0, 1], [-0.5f, 0.5f, 1.5f]),
        ["sign"] = Codebook.Sign,
        ["levels in any order"] = new([-1, 0, 2], [3, -4, 7, 0]),
        ["all positive"] = Codebook.FromLevels([1, 2, 3, 5, 8]),
        ["all negative"] = Codebook.FromLevels([-8, -5, -3, -2, -1]),
        ["mid-tread 15"] = Codebook.UniformMidTread(15, 0.1f),
        ["mid-rise 16"] = Codebook.UniformMidRise(16, 0.125f),
        ["mid-tread 17"] = Codebook.UniformMidTread(17, 0.1f),
        ["mid-tread 255"] = Codebook.UniformMidTread(255, 1 / 127f),
        ["mid-rise 256"] = Codebook.UniformMidRise(256, 1 / 128f),
        ["µ-law 16"] = Codebook.MuLaw(16),
        ["µ-law 256"] = Codebook.MuLaw(256),
        ["A-law 255"] = Codebook.ALaw(255),
        ["powers of two 3"] = Codebook.PowersOfTwo(3),
        ["powers of two 4"] = Codebook.PowersOfTwo(4),
        ["powers of two 8"] = Codebook.PowersOfTwo(8),
        ["NF3"] = Codebook.NormalFloat(3),
        ["NF4"] = Codebook.NormalFloat4,
        ["NF8"] = Codebook.NormalFloat(8),
        ["FP4 E2M1"] = Codebook.Float4E2M1,
        ["FP8 E4M3FN"] = Codebook.Float8E4M3FN,
        ["FP8 E5M2"] = Codebook.Float8E5M2,
        ["neighbouring floats 16"] = Neighbours(1, 16),
        ["neighbouring floats 256"] = Neighbours(1, 256),
        ["subnormal"] = Neighbours(-7 * float.Epsilon, 16),
        ["about zero 256"] = Neighbours(-127 * float.Epsilon, 256),
        ["extremes"] = new([-float.MaxValue, -float.Epsilon, float.Epsilon, float.MaxValue], [-4, -3, 0, 3, 4]),
    };

    /// <summary>Each threshold with its neighbours, the special values and some in between.</summary>
    public static float[] Probes(Codebook book)
    {
        List<float> probes =
        [
            0, -0f, float.NaN, -float.NaN, BitConverter.Int32BitsToSingle(0x7F800001), BitConverter.Int32BitsToSingle(-1),
            BitConverter.Int32BitsToSingle(int.MaxValue), float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.MinValue,
            float.Epsilon, -float.Epsilon, 1.17549435E-38f, -1.17549435E-38f,
        ];
        foreach (float threshold in book.Thresholds)
        {
            probes.AddRange([threshold, MathF.BitDecrement(threshold), MathF.BitIncrement(threshold)]);
        }

        foreach (float level in book.Levels)
        {
            probes.Add(level);
        }

        Random random = new(book.Levels.Length);
        for (int i = 0; i < 2000; i++)
        {
            probes.Add(BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)));
            probes.Add((float)((random.NextDouble() - 0.5) * 3 * book.MaxMagnitude));
        }

        return [.. probes];
    }

    /// <summary>Values whose quotients by a scale lie about each threshold, and the special values.</summary>
    public static float[] ScaledProbes(Codebook book, float scale)
    {
        List<float> probes =
        [
            0, -0f, float.NaN, -float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.MinValue, float.Epsilon,
            -float.Epsilon, scale, -scale
        ];
        foreach (float threshold in book.Thresholds)
        {
            float below = threshold * scale;
            float above = below;
            probes.Add(below);
            for (int i = 0; i < 3; i++)
            {
                below = MathF.BitDecrement(below);
                above = MathF.BitIncrement(above);
                probes.AddRange([below, above]);
            }
        }

        foreach (float level in book.Levels)
        {
            probes.Add(level * scale);
        }

        return [.. probes];
    }

    /// <summary>The rule as it is written: the number of thresholds at or below the value.</summary>
    public static int CountThresholds(Codebook book, float value)
    {
        int cell = 0;
        foreach (float threshold in book.Thresholds)
        {
            cell += threshold <= value ? 1 : 0;
        }

        return cell;
    }

    private static Codebook Neighbours(float first, int levels)
    {
        float[] thresholds = new float[levels - 1];
        float[] values = new float[levels];
        for (int i = 0; i < levels; i++)
        {
            values[i] = first;
            if (i > 0)
            {
                thresholds[i - 1] = first;
            }

            first = MathF.BitIncrement(first);
        }

        return new Codebook(thresholds, values);
    }
}
