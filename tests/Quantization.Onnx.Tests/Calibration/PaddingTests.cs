namespace Quantization.Onnx.Tests.Calibration;

/// <summary>Padding does not count: statistics of padded batches are those of the sentences alone.</summary>
public sealed class PaddingTests
{
    public static TheoryData<int, int[]> Batches => new()
    {
        { 9, [9, 4, 1] },
        { PaddedModel.Width, [5, PaddedModel.Width, 3] }, // as long as another axis
        { 3, [1, 3, 2] }, // as long as the batch
        { 7, [4] },
        { 1 + PaddedModel.Width, [2, 6] },
    };

    [Theory]
    [MemberData(nameof(Batches))]
    public void A_padded_batch_and_its_sentences_alone_have_the_same_statistics(int length, int[] lengths)
    {
        using TemporaryFolder folder = new();
        string model = PaddedModel.Make().Save(folder.PathTo("model.onnx"));
        long[][] sentences = PaddedModel.Sentences(lengths);

        ModelCalibration padded = Calibrate(model, new PaddingOptions(), PaddedModel.Pad(length, sentences));
        ModelCalibration alone = Calibrate(
            model, new PaddingOptions(), [.. sentences.Select(sentence => PaddedModel.Pad(sentence.Length, sentence))]);

        padded.Activations.Keys.Should().Contain([PaddedModel.Rows, PaddedModel.Flat, PaddedModel.Pooled]);
        foreach ((string name, TensorStatistics statistics) in padded.Activations)
        {
            Bytes(statistics).Should().Equal(Bytes(alone.Activations[name]), $"of {name}");
        }

        ObservedPadding found = padded.Padding!;
        found.Should().BeEquivalentTo(new
        {
            Mask = "attention_mask",
            MaskedPositions = length * lengths.Length - lengths.Sum(),
            Positions = length * lengths.Length,
            Undecided = Array.Empty<string>()
        });
        found.Axes[PaddedModel.Rows].Should().Be(new MaskedAxes(0, 1));
        found.Axes[PaddedModel.Flat].Should().Be(new MaskedAxes(0, 0));
        found.Axes[PaddedModel.Pooled].Should().Be(new MaskedAxes(0));
        alone.Padding!.MaskedPositions.Should().Be(0);
    }

    [Fact]
    public void Padding_that_counts_is_seen()
    {
        using TemporaryFolder folder = new();
        string model = PaddedModel.Make().Save(folder.PathTo("model.onnx"));
        ModelSample sample = PaddedModel.Pad(9, PaddedModel.Sentences(9, 4));

        ModelCalibration all = Calibrate(model, new PaddingOptions { IsCounted = true }, sample),
            real = Calibrate(model, new PaddingOptions(), sample);

        all.Padding.Should().BeNull();
        all.Activations[PaddedModel.Rows].Count.Should().Be(18 * PaddedModel.Width);
        real.Activations[PaddedModel.Rows].Count.Should().Be(13 * PaddedModel.Width);
        all.Activations[PaddedModel.Rows].Max.Should()
            .BeGreaterThan(10 * real.Activations[PaddedModel.Rows].Max, "the token of the padding has large embeddings");
    }

    [Fact]
    public void A_model_of_one_shape_is_told_by_the_length_of_its_axes()
    {
        using TemporaryFolder folder = new();
        string model = PaddedModel.Make(2, 9).Save(folder.PathTo("model.onnx"));

        ModelCalibration calibration = Calibrate(model, new PaddingOptions(), PaddedModel.Pad(9, PaddedModel.Sentences(9, 4)));

        calibration.Activations[PaddedModel.Rows].Count.Should().Be(13 * PaddedModel.Width);
        calibration.Padding!.Axes[PaddedModel.Rows].Should().Be(new MaskedAxes(0, 1));
    }

    [Fact]
    public void Axes_that_lengths_do_not_show_can_be_named()
    {
        using TemporaryFolder folder = new();
        string model = PaddedModel.Make(2, PaddedModel.Width).Save(folder.PathTo("model.onnx"));
        ModelSample sample = PaddedModel.Pad(PaddedModel.Width, PaddedModel.Sentences(PaddedModel.Width, 4));

        ModelCalibration open = Calibrate(model, new PaddingOptions(), sample);
        ModelCalibration named = Calibrate(
            model, new PaddingOptions { Axes = new Dictionary<string, MaskedAxes> { [PaddedModel.Rows] = new(0, 1) } }, sample);

        open.Padding!.Undecided.Should().Contain(PaddedModel.Rows);
        open.Activations[PaddedModel.Rows].Count.Should().Be(2 * PaddedModel.Width * PaddedModel.Width);
        named.Padding!.Undecided.Should().NotContain(PaddedModel.Rows);
        named.Activations[PaddedModel.Rows].Count.Should().Be((PaddedModel.Width + 4) * PaddedModel.Width);
    }

    [Fact]
    public void Declared_names_of_axes_tell()
    {
        using TemporaryFolder folder = new();
        ModelBuilder builder = PaddedModel.Make();
        foreach (Protos.ValueInfoProto input in builder.Graph.Input)
        {
            (input.Type.TensorType.Shape.Dim[0].DimParam, input.Type.TensorType.Shape.Dim[1].DimParam) = ("sentences", "tokens");
        }

        Protos.ValueInfoProto declared =
            new() { Name = PaddedModel.Rows, Type = new() { TensorType = new() { ElemType = 1, Shape = new() } } };
        declared.Type.TensorType.Shape.Dim.Add(
            [new() { DimParam = "sentences" }, new() { DimParam = "tokens" }, new() { DimValue = PaddedModel.Width }]);
        builder.Graph.ValueInfo.Add(declared);

        ModelCalibration calibration = Calibrate(
            builder.Save(folder.PathTo("model.onnx")),
            new PaddingOptions(),
            PaddedModel.Pad(PaddedModel.Width, PaddedModel.Sentences(3, 4)));

        calibration.Activations[PaddedModel.Rows].Count.Should().Be(7 * PaddedModel.Width);
    }

    [Fact]
    public void Axes_that_cannot_follow_the_mask_are_refused()
    {
        using TemporaryFolder folder = new();
        string model = PaddedModel.Make().Save(folder.PathTo("model.onnx"));
        ModelSample sample = PaddedModel.Pad(9, PaddedModel.Sentences(9, 4));

        Action wrong = () => Calibrate(
            model, new PaddingOptions { Axes = new Dictionary<string, MaskedAxes> { [PaddedModel.Rows] = new(0, 2) } }, sample);
        Action unknown =
            () => Calibrate(model, new PaddingOptions { Axes = new Dictionary<string, MaskedAxes> { ["nothing"] = new(0, 1) } }, sample);

        wrong.Should().Throw<ArgumentException>().WithMessage("Activation 'x' has the shape*cannot follow a mask*");
        unknown.Should().Throw<ArgumentException>().WithMessage("*no activation 'nothing'*");
    }

    [Fact]
    public void A_mask_that_is_none_is_refused_where_it_is_named()
    {
        using TemporaryFolder folder = new();
        string model = PaddedModel.Make().Save(folder.PathTo("model.onnx"));
        ModelSample sample = PaddedModel.Pad(9, PaddedModel.Sentences(9, 4));

        Action values = () => Calibrate(model, new PaddingOptions { Mask = "ids" }, sample);
        Action unknown = () => Calibrate(model, new PaddingOptions { Mask = "mask" }, sample);

        values.Should().Throw<InvalidDataException>()
            .WithMessage("padded: input 'ids' is to mask positions, but it is no matrix of the integers 0 and 1*");
        unknown.Should().Throw<ArgumentException>().WithMessage("*has no input 'mask'*'ids', 'attention_mask'*");
    }

    [Fact]
    public void A_sample_that_is_masked_as_a_whole_counts()
    {
        using TemporaryFolder folder = new();
        string model = PaddedModel.Make().Save(folder.PathTo("model.onnx"));

        Calibrate(model, new PaddingOptions(), PaddedModel.Pad(9, [[], []])).Activations[PaddedModel.Rows].Count.Should()
            .Be(18 * PaddedModel.Width);
    }

    [Fact]
    public void Columns_that_scale_inputs_leave_padding_out()
    {
        using TemporaryFolder folder = new();
        FloatModel model = StaticInt8Recipe.Load(PaddedModel.Make().Save(folder.PathTo("model.onnx")), null, TargetRuntime.OnnxRuntimeCpu);
        long[][] sentences = PaddedModel.Sentences(9, 4, 2);
        Dictionary<string, int> values = new() { [PaddedModel.Rows] = PaddedModel.Width, [PaddedModel.Flat] = PaddedModel.Width };

        Dictionary<string, InputColumns> padded = Run(PaddedModel.Pad(9, sentences)),
            alone = Run([.. sentences.Select(sentence => PaddedModel.Pad(sentence.Length, sentence))]);

        foreach (string value in values.Keys)
        {
            padded[value].Samples.Sum(sample => sample.Rows).Should().Be(15);
            padded[value].MeanSquares().Should().Equal(alone[value].MeanSquares(), $"of {value}");
        }

        Dictionary<string, InputColumns> Run(params ModelSample[] samples) =>
            InputColumnsRun.Run(model, values, samples, null, new PaddingOptions(), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Sums_that_round_weights_leave_padding_out()
    {
        using TemporaryFolder folder = new();
        FloatModel model = StaticInt8Recipe.Load(PaddedModel.Make().Save(folder.PathTo("model.onnx")), null, TargetRuntime.OnnxRuntimeCpu);
        long[][] sentences = PaddedModel.Sentences(9, 4, 2);
        Dictionary<string, int> values = new() { [PaddedModel.Rows] = PaddedModel.Width, [PaddedModel.Flat] = PaddedModel.Width };

        IReadOnlyDictionary<string, GramMatrix> padded = Run(new PaddingOptions(), PaddedModel.Pad(9, sentences));
        IReadOnlyDictionary<string, GramMatrix> alone = Run(
            new PaddingOptions(), [.. sentences.Select(sentence => PaddedModel.Pad(sentence.Length, sentence))]);
        IReadOnlyDictionary<string, GramMatrix> counted = Run(new PaddingOptions { IsCounted = true }, PaddedModel.Pad(9, sentences));

        foreach (string value in values.Keys)
        {
            padded[value].Count.Should().Be(15);
            padded[value].Sums.Should().Equal(alone[value].Sums, $"of {value}");
            counted[value].Count.Should().Be(27);
        }

        IReadOnlyDictionary<string, GramMatrix> Run(PaddingOptions padding, params ModelSample[] samples)
        {
            using GramRun run =
                new(model, new SampleList(samples), null, null, TestContext.Current.CancellationToken) { Padding = padding };
            return run.Collect(values);
        }
    }

    [Fact]
    public void Learned_rounding_and_losses_leave_padding_out()
    {
        using TemporaryFolder folder = new();
        FloatModel model = StaticInt8Recipe.Load(WithRows().Save(folder.PathTo("model.onnx")), null, TargetRuntime.OnnxRuntimeCpu);
        long[][] sentences = PaddedModel.Sentences(9, 4, 2);
        ModelSample[] padded = [PaddedModel.Pad(9, sentences)];
        ModelCalibration calibration = Calibrate(folder.PathTo("model.onnx"), new PaddingOptions(), padded);
        RefinedModel refined = new(model, calibration, new StaticInt8Recipe(new PtqOptions()).Plan(model, calibration));

        long[] one = PaddedModel.Sentences(5)[0];
        string real = Learn(PaddedModel.Pad(9, one), null);

        real.Should().Be(Learn(PaddedModel.Pad(5, one), null));
        real.Should().NotBe(
            Learn(PaddedModel.Pad(9, one), new PaddingOptions { IsCounted = true }), "the token of the padding has large embeddings");
        Protos.ModelProto quantized = refined.Models.Write(refined.Plan);
        double together = Loss(padded, null)[0], all = Loss(padded, new PaddingOptions { IsCounted = true })[0];
        together.Should().BePositive().And.NotBe(all);
        Expected(quantized, sentences).Should().BeApproximately(together, 1e-12);

        string Learn(ModelSample sample, PaddingOptions? padding) => LearnedRounding.Find(
            refined, [sample], new IntegerWork(model, refined.Plan, sample, null), null, TestContext.Current.CancellationToken, padding)
            .Apply(refined.Plan).Hash;
        double[] Loss(ModelSample[] samples, PaddingOptions? padding) =>
            new FloatReference(model, samples, null, TestContext.Current.CancellationToken, padding)
                .Losses(quantized, samples.Length, TestContext.Current.CancellationToken);

        // Noise over signal of the real rows of both outputs, from runs of each sentence by itself.
        double Expected(Protos.ModelProto other, long[][] texts)
        {
            double[] signal = new double[2], noise = new double[2];
            using Microsoft.ML.OnnxRuntime.InferenceSession before = ModelSession.Open("float", model.Model, null, _ => { }),
                after = ModelSession.Open("int8", other, null, _ => { });
            foreach (long[] text in texts)
            {
                using BoundSample bound = SampleBinder.Bind(PaddedModel.Pad(text.Length, text), before.InputMetadata);
                using Microsoft.ML.OnnxRuntime.RunOptions run = new();
                using Microsoft.ML.OnnxRuntime.IDisposableReadOnlyCollection<Microsoft.ML.OnnxRuntime.OrtValue> expected = before.Run(
                    run, bound.Inputs, before.OutputNames), got = after.Run(run, bound.Inputs, before.OutputNames);
                for (int k = 0; k < 2; k++)
                {
                    foreach ((float y, float z) in expected[k].GetTensorDataAsSpan<float>()
                        .ToArray().Zip(got[k].GetTensorDataAsSpan<float>().ToArray()))
                    {
                        (signal[k], noise[k]) = (signal[k] + (double)y * y, noise[k] + ((double)y - z) * ((double)y - z));
                    }
                }
            }

            return (Math.Min(1, noise[0] / signal[0]) + Math.Min(1, noise[1] / signal[1])) / 2;
        }
    }

    [Fact]
    public void Files_keep_what_was_left_out_and_merges_tell_different_masks()
    {
        using TemporaryFolder folder = new();
        ModelBuilder builder = PaddedModel.Make();
        Protos.ValueInfoProto second = builder.Graph.Input[1].Clone();
        second.Name = "other_mask";
        builder.Graph.Input.Add(second);
        string model = builder.Save(folder.PathTo("model.onnx"));
        ModelSample padded = PaddedModel.Pad(9, PaddedModel.Sentences(9, 4));
        ModelSample sample = new("both",
            [
                .. padded.Inputs,
                SampleTensor.Create<long>("other_mask", [.. Enumerable.Range(0, 18).Select(i => i % 9 < 7 ? 1L : 0)], 2, 9)
            ]);
        ModelCalibration first = Calibrate(model, new PaddingOptions(), sample),
            other = Calibrate(model, new PaddingOptions { Mask = "other_mask" }, sample),
            counted = Calibrate(model, new PaddingOptions { IsCounted = true }, sample);
        first.Save(folder.PathTo("first.qcal"));
        counted.Save(folder.PathTo("counted.qcal"));

        ModelCalibration loaded = ModelCalibration.Load(folder.PathTo("first.qcal"));

        loaded.Padding.Should().BeEquivalentTo(first.Padding);
        loaded.Padding!.Axes.Should().Equal(first.Padding!.Axes).And.NotBeEmpty();
        ModelCalibration.Load(folder.PathTo("counted.qcal")).Padding.Should().BeNull();
        File.ReadAllBytes(folder.PathTo("counted.qcal"))[4].Should().Be(2, "files without padding can be read by older versions");
        loaded.Merge(other);
        loaded.Padding!.Should()
            .BeEquivalentTo(new { Mask = "attention_mask", MaskedPositions = 5 + 4, Positions = 36, IsPartial = false });
        loaded.Padding!.OtherMasks.Should().Equal("other_mask");
        loaded.Merge(counted);
        loaded.Padding!.IsPartial.Should().BeTrue();
        loaded.Save(folder.PathTo("merged.qcal"));
        ModelCalibration.Load(folder.PathTo("merged.qcal")).Padding.Should().BeEquivalentTo(loaded.Padding);
    }

    /// <summary>The model with an output of rows beside that of sentences.</summary>
    private static ModelBuilder WithRows()
    {
        ModelBuilder model = PaddedModel.Make().Output("c", -1, -1, PaddedModel.Width);
        model.Graph.Output[1].Type.TensorType.Shape = null;
        return model;
    }

    private static ModelCalibration Calibrate(string model, PaddingOptions padding, params ModelSample[] samples) =>
        ModelCalibrator.Calibrate(
            model,
            new SampleList(samples),
            new CalibrationOptions { Padding = padding },
            cancellationToken: TestContext.Current.CancellationToken);

    private static byte[] Bytes(TensorStatistics statistics)
    {
        using MemoryStream stream = new();
        statistics.Save(stream);
        return stream.ToArray();
    }
}
