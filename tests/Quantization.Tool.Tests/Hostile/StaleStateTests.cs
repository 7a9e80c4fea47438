using System.Runtime.InteropServices;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Tool.Tests.Hostile;

/// <summary>What an earlier run kept serves the same model, samples and versions alone.</summary>
public sealed class StaleStateTests : IDisposable
{
    private readonly FashionFolder _folder = new(images: 8);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("search")]
    [InlineData("partial")]
    public void Samples_that_somebody_had_forgotten_to_scale(string command)
    {
        byte[] wanted = Write(command, _folder.Samples, _folder["fresh.onnx"]).Model;
        foreach (string sample in Directory.GetFiles(_folder.Samples))
        {
            float[] values = [.. ReadFloats(sample).Select(value => value * 255)];
            _folder.Write($"unscaled/{Path.GetFileName(sample)}", Npy.Float(values, 1, 28, 28));
        }

        string state = _folder["state.qcal"];
        Write(command, _folder["unscaled"], _folder["wrong.onnx"], "--state", state);
        (byte[] model, string output) = Write(command, _folder.Samples, _folder.Output, "--state", state);

        model.Should().Equal(wanted);
        output.Should().Contain($"The calibration that an earlier run kept in {state} was made from other samples, or from samples that "
            + "were read in another way, so all samples were calibrated again.");
    }

    [Fact]
    public void The_same_samples_go_on_without_a_word()
    {
        string state = _folder["state.qcal"];
        byte[] first = Write("search", _folder.Samples, _folder["first.onnx"], "--state", state).Model;

        (byte[] second, string output) = Write("search", _folder.Samples, _folder["second.onnx"], "--state", state);

        second.Should().Equal(first);
        output.Should().NotContain("anew").And.Contain("4 samples of them by an earlier run");
    }

    [Theory]
    [InlineData("--scale", "1")]
    [InlineData("--mean", "0.5")]
    [InlineData("--std", "0.3")]
    [InlineData("--resize", "crop", "--crop-share", "0.5")]
    public void Images_that_are_read_in_another_way(params string[] changed)
    {
        Directory.CreateDirectory(_folder["images"]);
        foreach ((string image, int i) in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Images", "Data"), "*.png")
            .Take(4).Select((image, i) => (image, i)))
        {
            File.Copy(image, _folder[$"images/{i}.png"]);
        }

        string state = _folder["state.qcal"];
        Write("search", _folder["images"], _folder["first.onnx"], ["--state", state, .. changed]);

        Write("search", _folder["images"], _folder["second.onnx"], "--state", state).Output.Should()
            .Contain("was made from other samples, or from samples that were read in another way");
    }

    [Fact]
    public void Another_model_with_the_same_activations()
    {
        string state = _folder["state.qcal"];
        Write("search", _folder.Samples, _folder["first.onnx"], "--state", state);
        File.WriteAllBytes(_folder.Model, [.. File.ReadAllBytes(_folder.Model), 0x10, 0x01]);

        Write("search", _folder.Samples, _folder["second.onnx"], "--state", state).Output.Should()
            .Contain("was made from another model, so all samples were calibrated again");
    }

    [Theory]
    [InlineData("ONNX Runtime 1.30.0, Quantization.Onnx 0.1.0, NonFinite = Throw")]
    [InlineData("ONNX Runtime 1.31.1, Quantization.Onnx 0.0.9, NonFinite = Throw")]
    [InlineData("ONNX Runtime 1.31.1, Quantization.Onnx 0.1.0, NonFinite = Ignore")]
    public void Other_versions_or_options(string settings)
    {
        string state = _folder["state.qcal"];
        Write("search", _folder.Samples, _folder["first.onnx"], "--state", state);
        ModelCalibration kept = ModelCalibration.Load(state);
        new ModelCalibration(
            kept.Model,
            kept.SampleCount,
            new(kept.Activations.ToDictionary(), StringComparer.Ordinal),
            CalibrationOrigin.Create(kept.Origin!.Samples, [settings])).Keep(state);

        Write("search", _folder.Samples, _folder["second.onnx"], "--state", state).Output.Should()
            .Contain($"was made with {settings}, not with {kept.Origin.Settings.Single()}, so all samples were calibrated again");
    }

    [Fact]
    public void A_calibration_that_does_not_tell_its_samples()
    {
        string state = _folder["state.qcal"];
        Write("search", _folder.Samples, _folder["first.onnx"], "--state", state);
        ModelCalibration kept = ModelCalibration.Load(state);
        new ModelCalibration(kept.Model, kept.SampleCount, new(kept.Activations.ToDictionary(), StringComparer.Ordinal)).Save(state);

        ToolRun run = ToolRun.InProcess("search", _folder.Model, "--data", _folder.Samples, "--output", _folder.Output, "--state", state);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().StartWith(
            $"{state}: this calibration was written by an earlier version, which did not note its samples, and it would be overwritten; ");
    }

    [Theory]
    [InlineData("name2g.qcal")]
    [InlineData("name19.qcal")]
    public void A_name_that_is_longer_than_its_file(string name)
    {
        string state = SharedFolder.Hostile(name);
        long before = GC.GetAllocatedBytesForCurrentThread();

        ToolRun run = ToolRun.InProcess("ptq", _folder.Model, "--state", state, "--output", _folder.Output);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().StartWith($"{state}: the calibration file is truncated or damaged; ");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(100_000_000, "1.8 GB were asked for");
    }

    [Fact]
    public void Two_runs_do_not_share_what_they_keep()
    {
        string state = _folder["state.qcal"];
        using FileStream other = new(KeptFileLock.PathOf(state + ".trials"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);

        ToolRun run = ToolRun.InProcess("search", _folder.Model, "--data", _folder.Samples, "--output", _folder.Output, "--state", state);

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().Be($"{state}.trials: another run keeps its work in this file; wait until it is done, or name another file.");
    }

    private static float[] ReadFloats(string npy) =>
        MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(npy).AsSpan()[^(28 * 28 * sizeof(float))..]).ToArray();

    private (byte[] Model, string Output) Write(string command, string data, string output, params string[] more)
    {
        string[] target = command == "partial" ? ["--reach", "5", "--ranking-samples", "2"] : [];
        ToolRun run = ToolRun.InProcess([command, _folder.Model, "--data", data, "--output", output, .. target, .. more]);
        run.ExitCode.Should().BeOneOf([0, 3], run.Error);
        return (File.ReadAllBytes(output), run.Output);
    }
}
