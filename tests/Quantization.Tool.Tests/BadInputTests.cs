using System.IO.Compression;
using Quantization.Onnx.Tests.Samples;

namespace Quantization.Tool.Tests;

/// <summary>
/// Whatever is wrong: one line that names it and the way out, exit code 1, no file, and an earlier output file as it was.
/// </summary>
public sealed class BadInputTests : IDisposable
{
    private readonly FashionFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_missing_model() => Fails(_folder["no.onnx"]).Should().Be($"{_folder["no.onnx"]}: there is no such model file.");

    [Fact]
    public void A_truncated_model()
    {
        string model = _folder.Write("cut.onnx", File.ReadAllBytes(_folder.Model)[..100_000]);

        Fails(model).Should().Be($"{model}: the file is truncated or not an ONNX model; export or download it again.");
    }

    [Fact]
    public void A_file_that_is_no_model()
    {
        string model = _folder.Write("text.onnx", "This is a text.");

        Fails(model).Should().StartWith($"{model}: ").And.Contain("not an ONNX model");
    }

    [Fact]
    public void An_unknown_operator()
    {
        string model = _folder.Write("unknown.onnx", TinyModel.Unary("NoSuchOperator", -1, 1, 28, 28));

        Fails(model).Should().StartWith($"{model}: node 'y' (NoSuchOperator) uses an operator that ONNX Runtime does not know; ");
    }

    [Fact]
    public void A_sample_of_another_shape()
    {
        string sample = _folder.Write("samples/image0001.npy", Npy.Float(new float[27 * 28], 1, 27, 28));

        Fails().Should()
            .Be($"{sample}: input 'image' has shape [1, 27, 28], but the model takes [N, 1, 28, 28], with or without the first axis.");
    }

    [Fact]
    public void A_sample_of_another_type()
    {
        string sample = _folder.Write("samples/image0001.npy", Npy.Double(new double[28 * 28], 1, 28, 28));

        Fails().Should().Be($"{sample}: input 'image' holds float64, but the model takes float32; convert the sample.");
    }

    [Fact]
    public void A_sample_of_another_name()
    {
        string sample = _folder["samples/wrong.npz"];
        using (ZipArchive archive = ZipFile.Open(sample, ZipArchiveMode.Create))
        {
            using Stream entry = archive.CreateEntry("picture.npy").Open();
            entry.Write(Npy.Float(new float[28 * 28], 1, 28, 28));
        }

        Fails().Should().Be($"{sample}: the model has no input 'picture'; its inputs are 'image'.");
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void A_sample_that_is_not_finite(float value)
    {
        float[] values = new float[28 * 28];
        values[17] = value;
        string sample = _folder.Write("samples/image0001.npy", Npy.Float(values, 1, 28, 28));

        Fails().Should().Be($"{sample}: element 17 of input 'image' is NaN or infinite; remove the sample or repair its values.");
    }

    [Fact]
    public void A_truncated_sample()
    {
        string sample = _folder["samples/image0001.npy"];
        File.WriteAllBytes(sample, File.ReadAllBytes(sample)[..1000]);

        Fails().Should().StartWith($"{sample}: its shape [1, 1, 28, 28] of float32 needs 3136 bytes, but it ends after ");
    }

    [Fact]
    public void An_empty_sample_folder()
    {
        string empty = Directory.CreateDirectory(_folder["empty"]).FullName;

        Fails(data: empty).Should().StartWith($"{empty}: the folder has no sample; put .npy or .npz files there");
    }

    [Fact]
    public void A_missing_sample_folder() => Fails(data: _folder["no"]).Should().Be($"{_folder["no"]}: there is no such folder.");

    [Fact]
    public void A_label_without_a_sample()
    {
        string labels = _folder.Write("labels.csv", "image0000.npy,9\nimage9999.npy,2\n");

        Fails(labels: labels).Should()
            .Be($"{labels}, line 2: 'image9999.npy' is no sample of {_folder.Samples}; remove the line or add the file.");
    }

    [Fact]
    public void A_label_beyond_the_classes()
    {
        string labels = _folder.Write("labels.csv", "image0000.npy,9\nimage0001.npy,10\n");

        Fails(labels: labels).Should().Be(
            $"{labels}, line 2: {_folder["samples/image0001.npy"]}: class 10 does not exist, output 'logits' has 10 classes, 0 to 9; "
                + "correct the label.");
    }

    [Fact]
    public void A_missing_label_file() =>
        Fails(labels: _folder["no.csv"]).Should().Be($"{_folder["no.csv"]}: there is no such label file.");

    [Fact]
    public void Too_few_labels_to_set_samples_apart()
    {
        string labels = _folder.Write("labels.csv", "image0000.npy,9\n");

        Fails(labels: labels).Should().StartWith($"{_folder.Samples}: 1 of its samples have a label; two are needed");
    }

    [Fact]
    public void An_output_below_a_file()
    {
        string output = Path.Combine(_folder.Write("file", "not a folder"), "out.onnx");

        Fails(output: output).Should()
            .StartWith($"{output}: cannot write this file (").And.EndWith("make room or choose a folder that can be written to.");
    }

    [Fact]
    public void An_output_that_is_a_folder() =>
        Fails(output: _folder.Samples).Should().Be($"{_folder.Samples}: cannot write here, this is a folder; name a file in it.");

    [Fact]
    public void An_output_folder_that_nobody_can_write_to()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux has /proc, which not even root can write to; run this test there.");

        Fails(output: "/proc/out.onnx").Should().StartWith("/proc/out.onnx: cannot write this file (");
    }

    [Fact]
    public void A_real_process_says_the_same()
    {
        string earlier = _folder.Write("model.int8.onnx", "earlier");

        ToolRun run = ToolRun.AsProcess(
            _folder.Path, new Dictionary<string, string>(), null, "ptq", "no.onnx", "--data", "samples", "--output", "model.int8.onnx");

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().Be("no.onnx: there is no such model file.");
        run.Output.Should().BeEmpty();
        File.ReadAllText(earlier).Should().Be("earlier");
    }

    [Theory]
    [InlineData("ptq model.onnx --data samples", "Option '--output' is required.")]
    [InlineData("ptq --data samples --output out.onnx", "Required argument 'model.onnx' missing for command: 'ptq'.")]
    [InlineData(
        "ptq model.onnx --output out.onnx",
        "give samples to calibrate on with --data DIR, a calibration with --state file.qcal, or a plan with --plan plan.json.")]
    [InlineData(
        "ptq model.onnx --state a.qcal --labels l.csv --output out.onnx",
        "--labels needs the samples that it labels: give --data DIR too.")]
    [InlineData(
        "ptq model.onnx --data samples --output ./model.onnx",
        "--output ./model.onnx is the float model itself, which would be lost; name another file.")]
    [InlineData(
        "ptq model.onnx --data samples --output o.onnx --report ./o.onnx",
        "--report ./o.onnx is the int8 model's file; name another, such as report.html.")]
    [InlineData(
        "search model.onnx --data samples --output o.onnx --report model.onnx",
        "--report model.onnx is the float model's file; name another, such as report.html.")]
    [InlineData(
        "search model.onnx --data samples --output ./model.onnx",
        "--output ./model.onnx is the float model itself, which would be lost; name another file.")]
    [InlineData(
        "ptq model.onnx --data samples --output o.onnx --percentile 99", "--percentile goes with --calibrator percentile, not with mse.")]
    [InlineData(
        "ptq model.onnx --data samples --output o.onnx --calibrator percentile --percentile 0",
        "--percentile '0' is no number above 0 and up to 100, such as 99.9.")]
    [InlineData(
        "ptq model.onnx --data samples --output o.onnx --calibrator percentile --percentile 99,9",
        "--percentile '99,9' is no number above 0 and up to 100, such as 99.9.")]
    [InlineData(
        "ptq model.onnx --data samples --output o.onnx --calibrator best", "--calibrator 'best' is none of max, entropy, percentile, mse.")]
    [InlineData("ptq model.onnx --data samples --output o.onnx --batch 0", "--batch '0' is no whole number from 1 up.")]
    [InlineData("ptq model.onnx --data samples --output o.onnx --frobnicate", "quantize ptq has no option '--frobnicate'.")]
    [InlineData("pqt model.onnx", "there is no command 'pqt'; did you mean 'ptq'?")]
    [InlineData("calib", "there is no command 'calib'; did you mean 'calibrate'?")]
    [InlineData(
        "ptq model.onnx --data samples --output o.onnx --calibrater mse",
        "quantize ptq has no option '--calibrater'; did you mean '--calibrator'?")]
    [InlineData(
        "ptq model.onnx --data samples --output o.onnx --calibrator entorpy",
        "--calibrator 'entorpy' is none of max, entropy, percentile, mse; did you mean 'entropy'?")]
    [InlineData("search model.onnx --data samples --output o.onnx --metric tp1", "--metric 'tp1' is none of *; did you mean 'top1'?")]
    [InlineData("frobnicate", "there is no command 'frobnicate'.")]
    [InlineData("merge --state all.qcal", "Required argument 'a.qcal b.qcal ...' missing for command: 'merge'.")]
    [InlineData("merge a.qcal ./a.qcal --state all.qcal", "A calibration file is named twice; its samples would count double.")]
    public void Wrong_usage_exits_with_2(string args, string message)
    {
        ToolRun run = ToolRun.InProcess(args.Split(' '));

        run.ExitCode.Should().Be(2);
        run.ErrorLine.Should().Match(message);
        run.Output.Should().BeEmpty();
    }

    /// <summary>Runs <c>quantize ptq</c> over an earlier output file and gives the error line.</summary>
    private string Fails(string? model = null, string? data = null, string? labels = null, string? output = null)
    {
        string earlier = _folder.Write("model.int8.onnx", "earlier");
        string[] before = _folder.Files();

        ToolRun run = ToolRun.InProcess(
            ["ptq", model ?? _folder.Model, "--data", data ?? _folder.Samples, "--output", output ?? earlier,
                .. labels is null ? Array.Empty<string>() : ["--labels", labels]]);

        run.ExitCode.Should().Be(1, run.Error);
        run.Output.Should().BeEmpty();
        run.Error.Should().NotContain("   at ");
        _folder.Files().Should().Equal(before);
        File.ReadAllText(earlier).Should().Be("earlier");
        return run.ErrorLine;
    }
}
