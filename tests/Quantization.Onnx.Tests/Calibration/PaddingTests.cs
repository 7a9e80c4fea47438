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
        ModelCalibration alone = Calibrate(model, new PaddingOptions(), [.. sentences.Select(sentence => PaddedModel.Pad(sentence.Length, sentence))]);

        padded.Activations.Keys.Should().Contain([PaddedModel.Rows, PaddedModel.Flat, PaddedModel.Pooled]);
        foreach ((string name, TensorStatistics statistics) in padded.Activations)
        {
            Bytes(statistics).Should().Equal(Bytes(alone.Activations[name]), $"of {name}");
        }

        ObservedPadding found = padded.Padding!;
        found.Should().BeEquivalentTo(new { Mask = "attention_mask", MaskedPositions = length * lengths.Length - lengths.Sum(), Positions = length * lengths.Length, Undecided = Array.Empty<string>() });
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

        ModelCalibration all = Calibrate(model, new PaddingOptions { IsCounted = true }, sample), real = Calibrate(model, new PaddingOptions(), sample);

        all.Padding.Should().BeNull();
        all.Activations[PaddedModel.Rows].Count.Should().Be(18 * PaddedModel.Width);
        real.Activations[PaddedModel.Rows].Count.Should().Be(13 * PaddedModel.Width);
        all.Activations[PaddedModel.Rows].Max.Should().BeGreaterThan(10 * real.Activations[PaddedModel.Rows].Max, "the token of the padding has large embeddings");
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
    public void Where_lengths_do_not_tell_the_axes_can_be_named()
    {
        using TemporaryFolder folder = new();
        string model = PaddedModel.Make(2, PaddedModel.Width).Save(folder.PathTo("model.onnx"));
        ModelSample sample = PaddedModel.Pad(PaddedModel.Width, PaddedModel.Sentences(PaddedModel.Width, 4));

        ModelCalibration open = Calibrate(model, new PaddingOptions(), sample);
        ModelCalibration named = Calibrate(model, new PaddingOptions { Axes = new Dictionary<string, MaskedAxes> { [PaddedModel.Rows] = new(0, 1) } }, sample);

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

        Protos.ValueInfoProto declared = new() { Name = PaddedModel.Rows, Type = new() { TensorType = new() { ElemType = 1, Shape = new() } } };
        declared.Type.TensorType.Shape.Dim.Add([new() { DimParam = "sentences" }, new() { DimParam = "tokens" }, new() { DimValue = PaddedModel.Width }]);
        builder.Graph.ValueInfo.Add(declared);

        ModelCalibration calibration = Calibrate(builder.Save(folder.PathTo("model.onnx")), new PaddingOptions(), PaddedModel.Pad(PaddedModel.Width, PaddedModel.Sentences(3, 4)));

        calibration.Activations[PaddedModel.Rows].Count.Should().Be(7 * PaddedModel.Width);
    }

    [Fact]
    public void Axes_that_cannot_follow_the_mask_are_refused()
    {
        using TemporaryFolder folder = new();
        string model = PaddedModel.Make().Save(folder.PathTo("model.onnx"));
        ModelSample sample = PaddedModel.Pad(9, PaddedModel.Sentences(9, 4));

        Action wrong = () => Calibrate(model, new PaddingOptions { Axes = new Dictionary<string, MaskedAxes> { [PaddedModel.Rows] = new(0, 2) } }, sample);
        Action unknown = () => Calibrate(model, new PaddingOptions { Axes = new Dictionary<string, MaskedAxes> { ["nothing"] = new(0, 1) } }, sample);

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

        values.Should().Throw<InvalidDataException>().WithMessage("padded: input 'ids' is to mask positions, but it is no matrix of the integers 0 and 1*");
        unknown.Should().Throw<ArgumentException>().WithMessage("*has no input 'mask'*'ids', 'attention_mask'*");
    }

    [Fact]
    public void A_sample_that_is_masked_as_a_whole_counts()
    {
        using TemporaryFolder folder = new();
        string model = PaddedModel.Make().Save(folder.PathTo("model.onnx"));

        Calibrate(model, new PaddingOptions(), PaddedModel.Pad(9, [[], []])).Activations[PaddedModel.Rows].Count.Should().Be(18 * PaddedModel.Width);
    }

    [Fact]
    public void Columns_that_scale_inputs_leave_padding_out()
    {
        using TemporaryFolder folder = new();
        FloatModel model = StaticInt8Recipe.Load(PaddedModel.Make().Save(folder.PathTo("model.onnx")), null, TargetRuntime.OnnxRuntimeCpu);
        long[][] sentences = PaddedModel.Sentences(9, 4, 2);
        Dictionary<string, int> values = new() { [PaddedModel.Rows] = PaddedModel.Width, [PaddedModel.Flat] = PaddedModel.Width };

        Dictionary<string, InputColumns> padded = Run(PaddedModel.Pad(9, sentences)), alone = Run([.. sentences.Select(sentence => PaddedModel.Pad(sentence.Length, sentence))]);

        foreach (string value in values.Keys)
        {
            padded[value].Samples.Sum(sample => sample.Rows).Should().Be(15);
            padded[value].MeanSquares().Should().Equal(alone[value].MeanSquares(), $"of {value}");
        }

        Dictionary<string, InputColumns> Run(params ModelSample[] samples) =>
            InputColumnsRun.Run(model, values, samples, null, new PaddingOptions(), TestContext.Current.CancellationToken);
    }

    private static ModelCalibration Calibrate(string model, PaddingOptions padding, params ModelSample[] samples) =>
        ModelCalibrator.Calibrate(model, new SampleList(samples), new CalibrationOptions { Padding = padding }, cancellationToken: TestContext.Current.CancellationToken);

    private static byte[] Bytes(TensorStatistics statistics)
    {
        using MemoryStream stream = new();
        statistics.Save(stream);
        return stream.ToArray();
    }
}
