using System.Runtime.CompilerServices;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Models;

/// <summary>Models from streams and bytes, to streams, and the asynchronous calls.</summary>
public sealed class InMemoryModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;
    private readonly byte[] _bytes;
    private readonly SampleList _samples = RandomTensors.Samples(40, GraphCases.ImageShape);
    private readonly PtqOptions _options = new() { LatencyRuns = 0, ActivationCalibrator = new MseCalibrator() };

    public InMemoryModelTests()
    {
        _path = GraphCases.Make("residual").Save(_folder.PathTo("model.onnx"));
        _bytes = File.ReadAllBytes(_path);
    }

    private string Output => _folder.PathTo("out.onnx");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_way_in_and_out_gives_the_same_model()
    {
        PostTrainingQuantizer.Quantize(_path, _samples, Output, _options);
        byte[] expected = File.ReadAllBytes(Output);
        OnnxModel fromStream = await OnnxModel.FromStreamAsync(new MemoryStream(_bytes), "uploaded", Cancellation);
        foreach (OnnxModel model in (OnnxModel[])[_path, OnnxModel.FromFile(_path), OnnxModel.FromBytes(_bytes),
            OnnxModel.FromStream(new MemoryStream(_bytes)), fromStream])
        {
            using MemoryStream sync = new();
            PostTrainingQuantizer.Quantize(model, _samples, ModelOutput.ToStream(sync), _options);
            sync.ToArray().Should().Equal(expected, "of {0}", model);

            using AsyncOnlyStream awaited = new();
            PtqResult result = await PostTrainingQuantizer.QuantizeAsync(
                model, Awaited(_samples), ModelOutput.ToStream(awaited, "response"), _options, null, Cancellation);
            awaited.ToArray().Should().Equal(expected);
            result.OutputPath.Should().Be("response");
            result.OutputBytes.Should().Be(expected.Length);
            result.Calibration.SampleCount.Should().Be(40);

            await PostTrainingQuantizer.QuantizeAsync(model, _samples, Output, _options, null, Cancellation);
            File.ReadAllBytes(Output).Should().Equal(expected);
        }
    }

    [Fact]
    public async Task Awaited_samples_give_the_same_calibration_byte_for_byte()
    {
        string expected = _folder.PathTo("expected.qcal"), actual = _folder.PathTo("actual.qcal");
        ModelCalibrator.Calibrate(_path, _samples).Save(expected);

        ModelCalibration calibration = await ModelCalibrator.CalibrateAsync(_path, Awaited(_samples), null, null, Cancellation);

        calibration.Save(actual);
        File.ReadAllBytes(actual).Should().Equal(File.ReadAllBytes(expected));
        using MemoryStream output = new();
        await PostTrainingQuantizer.QuantizeAsync(
            OnnxModel.FromBytes(_bytes), calibration, ModelOutput.ToStream(output), _options, null, Cancellation);
        PostTrainingQuantizer.Quantize(_path, _samples, Output, _options with { Refine = false });
        output.ToArray().Should().Equal(File.ReadAllBytes(Output));
    }

    [Fact]
    public async Task Search_partial_quantization_and_evaluation_take_models_in_memory_too()
    {
        OnnxModel model = OnnxModel.FromBytes(_bytes, "net");
        SampleList scoring = RandomTensors.Samples(9, GraphCases.ImageShape);
        using AsyncOnlyStream best = new(), partial = new();

        SearchResult search = await PtqSearch.RunAsync(
            model, _samples, scoring, ModelOutput.ToStream(best), new SearchOptions { PerTensorTrials = 2 }, null, Cancellation);
        PartialResult part = await PartialQuantizer.RunAsync(model, _samples, scoring, ModelOutput.ToStream(partial), new PartialOptions
        {
            Target = PartialTarget.Reach(20)
        }, null, Cancellation);
        EvaluationResult scores = await ModelEvaluator.EvaluateAsync(
            model,
            [OnnxModel.FromBytes(best.ToArray(), "best"), OnnxModel.FromBytes(partial.ToArray())],
            scoring,
            null,
            null,
            Cancellation);

        PtqSearch.Run(_path, _samples, scoring, Output, new SearchOptions { PerTensorTrials = 2 }).Best.Name.Should().Be(search.Best.Name);
        best.ToArray().Should().Equal(File.ReadAllBytes(Output));
        partial.Length.Should().Be(part.Model.OutputBytes);
        scores.Reference.ModelPath.Should().Be("net");
        scores.Candidates.Select(candidate => candidate.ModelPath).Should().Equal("best", "model");
        scores.Candidates[0].FileSize.Should().Be(best.Length);
    }

    [Fact]
    public async Task A_cancelled_call_writes_nothing_to_the_stream()
    {
        using CancellationTokenSource source = new();
        using MemoryStream output = new();
        int given = 0;

        Func<Task> run = () => PostTrainingQuantizer.QuantizeAsync(
            OnnxModel.FromBytes(_bytes), CancelAfter(20), ModelOutput.ToStream(output), _options, null, source.Token);

        await run.Should().ThrowAsync<OperationCanceledException>();
        output.Length.Should().Be(0);
        given.Should().BeLessThan(40);

        async IAsyncEnumerable<ModelSample> CancelAfter(int count)
        {
            foreach (ModelSample sample in _samples)
            {
                await Task.Yield();
                given++;
                if (given == count)
                {
                    await source.CancelAsync();
                }

                yield return sample;
            }
        }
    }

    [Fact]
    public async Task An_error_of_a_sample_comes_out_of_the_task()
    {
        Func<Task> run = () => PostTrainingQuantizer.QuantizeAsync(_path, Fail(), Output, _options, null, Cancellation);

        (await run.Should().ThrowAsync<InvalidDataException>()).WithMessage("no more");
        File.Exists(Output).Should().BeFalse();

        async IAsyncEnumerable<ModelSample> Fail()
        {
            yield return _samples.First();
            await Task.Yield();
            throw new InvalidDataException("no more");
        }
    }

    [Fact]
    public void A_model_with_nothing_to_quantize_comes_through_byte_for_byte()
    {
        byte[] bytes = File.ReadAllBytes(
            new ModelBuilder().Input("x", 1, 4).Node("Relu", ["x"], "y").Output("y", 1, 4).Save(_folder.PathTo("relu.onnx")));
        using MemoryStream output = new();

        PtqResult result = PostTrainingQuantizer.Quantize(
            OnnxModel.FromBytes(bytes), RandomTensors.Samples(2, 1, 4), ModelOutput.ToStream(output));

        output.ToArray().Should().Equal(bytes);
        result.Plan.Nodes.Should().BeEmpty();
    }

    [Fact]
    public void Bytes_that_are_no_model_are_named()
    {
        Action damaged =
            () => PostTrainingQuantizer.Quantize(OnnxModel.FromBytes(_bytes.AsMemory(0, 300), "upload.onnx"), _samples, Output);
        Action empty = () => PostTrainingQuantizer.Quantize(OnnxModel.FromStream(Stream.Null), _samples, Output);

        damaged.Should().Throw<OnnxModelException>()
            .WithMessage("upload.onnx: the bytes are truncated or not an ONNX model; export or download it again.");
        empty.Should().Throw<OnnxModelException>().WithMessage("model: there are no bytes; export or download the model again.");
        FluentActions.Invoking(() => OnnxModel.FromFile("")).Should().Throw<ArgumentException>();
        File.Exists(Output).Should().BeFalse();
    }

    [Fact]
    public void Weights_in_another_file_need_a_path()
    {
        string source = new ModelBuilder().Input("x", 1, 64).Constant("w", RandomTensors.Normal(1, 64 * 64), 64, 64)
            .Node("MatMul", ["x", "w"], "y").Output("y", 1, 64).Save(_folder.PathTo("wide.onnx"));
        string path = _folder.PathTo("large.onnx");
        SampleList samples = RandomTensors.Samples(2, 1, 64);
        PostTrainingQuantizer.Quantize(source, samples, path, _options with { MaxFileBytes = 64 });

        Action open = () => ModelEvaluator.Evaluate(source, [OnnxModel.FromBytes(File.ReadAllBytes(path), "large")], samples);

        open.Should().Throw<OnnxModelException>()
            .WithMessage("large: tensor '*' is in a file beside the model*give the path of the model (OnnxModel.FromFile)*");
    }

    [Fact]
    public void A_query_is_a_source_of_samples()
    {
        int enumerations = 0;
        IEnumerable<ModelSample> Query()
        {
            enumerations++;
            foreach (ModelSample sample in _samples)
            {
                yield return sample;
            }
        }

        SampleSource.FromEnumerable(Query()).Count.Should().BeNull();
        SampleSource.FromEnumerable(Query(), 40).Count.Should().Be(40);
        SampleSource.FromEnumerable(_samples.ToArray()).Count.Should().Be(40);
        PostTrainingQuantizer.Quantize(_path, SampleSource.FromEnumerable(Query()), Output, _options);
        byte[] written = File.ReadAllBytes(Output);
        PostTrainingQuantizer.Quantize(_path, _samples, Output, _options);

        written.Should().Equal(File.ReadAllBytes(Output));
        enumerations.Should().Be(1);
    }

    private static async IAsyncEnumerable<ModelSample> Awaited(
        IEnumerable<ModelSample> samples, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (ModelSample sample in samples)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return sample;
        }
    }

    /// <summary>A stream that, like a response of ASP.NET Core, refuses to block a thread.</summary>
    private sealed class AsyncOnlyStream : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) =>
            throw new InvalidOperationException("Synchronous operations are disallowed.");

        public override void Write(ReadOnlySpan<byte> buffer) =>
            throw new InvalidOperationException("Synchronous operations are disallowed.");

        public override void Flush()
        {
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            foreach (byte each in buffer.Span)
            {
                WriteByte(each);
            }

            return ValueTask.CompletedTask;
        }
    }
}
