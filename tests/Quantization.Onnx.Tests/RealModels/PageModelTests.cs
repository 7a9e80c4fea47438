using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx.Tests.RealModels;

/// <summary>
/// The detector of text and the classifier of directions: models with hard-swish and squeeze-and-excitation, whose shapes are free.
/// </summary>
public sealed class PageModelTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// The ranges of the first four convolutions are full of outliers, 92 where 999 values of 1,000 lie below 35: quantizing one of them
    /// alone costs as much as quantizing all layers. Whoever clips them gets the text back.
    /// </summary>
    [Theory]
    [InlineData(100, 0.87)]
    [InlineData(99.9, 0.92)]
    public void The_detector_finds_the_same_text(double percentile, double leastOverlap)
    {
        string int8 = _folder.PathTo("det.int8.onnx");
        PtqOptions options = new() { ActivationCalibrator = new PercentileCalibrator(percentile) };
        PtqResult result = PostTrainingQuantizer.Quantize(OcrModels.Detector, new SampleList([.. Pages(seed: 1, count: 8)]), int8, options);
        Report(result);

        bool[][] before = Masks(OcrModels.Detector), after = Masks(int8);
        double both = before.Zip(after, (x, y) => x.Zip(y).Count(pixel => pixel.First && pixel.Second)).Sum();
        double either = before.Zip(after, (x, y) => x.Zip(y).Count(pixel => pixel.First || pixel.Second)).Sum();
        output.WriteLine($"intersection over union {both / either:0.000}");
        either.Should().BePositive();
        (both / either).Should().BeGreaterThan(leastOverlap);
        result.OutputBytes.Should().BeLessThan(result.ModelBytes * 35 / 100);

        static bool[][] Masks(string path) =>
            [.. Pages(seed: 2, count: 3).Select(page => Run(path, page).Select(probability => probability > 0.3f).ToArray())];
    }

    [Fact]
    public void The_classifier_tells_the_same_directions()
    {
        string int8 = _folder.PathTo("cls.int8.onnx");
        PtqResult result = PostTrainingQuantizer.Quantize(
            OcrModels.DirectionClassifier, new SampleList([.. Lines(seed: 1, count: 60)]), int8);
        Report(result);

        ModelSample[] lines = [.. Lines(seed: 2, count: 60)];
        bool[] before = [.. lines.Select(line => Run(OcrModels.DirectionClassifier, line)[1] > 0.5f)];
        bool[] after = [.. lines.Select(line => Run(int8, line)[1] > 0.5f)];
        int same = before.Zip(after).Count(line => line.First == line.Second);
        output.WriteLine($"{same} of {lines.Length} the same, {before.Count(turned => turned)} turned");
        before.Should().Contain(true).And.Contain(false);
        same.Should().BeGreaterThanOrEqualTo(57);
        result.OutputBytes.Should().BeLessThan(result.ModelBytes * 40 / 100);
    }

    private void Report(PtqResult result) => output.WriteLine(
        $"size {result.OutputBytes / (double)result.ModelBytes:0.000}, {result.QuantizedNodes.Count} nodes quantized, "
            + $"{string.Join(", ", result.Int8Operators)}, {result.Conversions} conversions; float: "
            + $"{string.Join(", ", result.FloatNodes)}");

    /// <summary>Lines below each other.</summary>
    private static IEnumerable<ModelSample> Pages(int seed, int count)
    {
        const int Width = 480, Rows = 4;
        foreach (TextLine[] lines in TextLine.Render(seed, count * Rows).Chunk(Rows))
        {
            float[] page = new float[3 * Rows * TextLine.Height * Width];
            Array.Fill(page, 1);
            for (int row = 0; row < 3 * Rows * TextLine.Height; row++)
            {
                (int channel, int line, int y) = (row / (Rows * TextLine.Height), row / TextLine.Height % Rows, row % TextLine.Height);
                TextLine text = lines[line];
                text.Pixels.AsSpan((channel * TextLine.Height + y) * text.Width, Math.Min(Width, text.Width))
                    .CopyTo(page.AsSpan(row * Width));
            }

            yield return new ModelSample("page", SampleTensor.Create<float>("x", page, 3, Rows * TextLine.Height, Width));
        }
    }

    /// <summary>The beginnings of lines, every other one on its head.</summary>
    private static IEnumerable<ModelSample> Lines(int seed, int count)
    {
        const int Width = 192;
        foreach ((int i, TextLine line) in TextLine.Render(seed, count).Index())
        {
            float[] pixels =
                [.. Enumerable.Range(0, 3 * TextLine.Height).SelectMany(row => line.Pixels.AsSpan(row * line.Width, Width).ToArray())];
            if (i % 2 == 1)
            {
                foreach (float[] channel in pixels.Chunk(TextLine.Height * Width).ToArray())
                {
                    Array.Reverse(channel);
                    channel.CopyTo(pixels, 0);
                }

                pixels = [.. Enumerable.Repeat(pixels[..(TextLine.Height * Width)], 3).SelectMany(channel => channel)];
            }

            yield return new ModelSample($"line {i}", SampleTensor.Create<float>("x", pixels, 3, TextLine.Height, Width));
        }
    }

    private static float[] Run(string path, ModelSample sample)
    {
        using InferenceSession session = new(path);
        using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, bound.Inputs, session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
