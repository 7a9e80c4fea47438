using System.IO.Compression;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Tool.Tests;

/// <summary>Options that say what is padding reach the calibration.</summary>
public sealed class PaddingOptionTests : IDisposable
{
    private const int Length = 9;

    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public PaddingOptionTests() => _model = PaddedModel.Make().Save(_folder.PathTo("model.onnx"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Padding_is_left_out_unless_it_is_to_count()
    {
        ModelCalibration real = Calibrate(out string told), all = Calibrate(out string countedTold, "--count-padding");

        real.Activations[PaddedModel.Rows].Count.Should().Be(13 * PaddedModel.Width);
        all.Activations[PaddedModel.Rows].Count.Should().Be(2 * Length * PaddedModel.Width);
        told.Should()
            .Contain("Padding does not count: attention_mask masks 5 positions of 18, left out of the statistics of 3 activations.");
        countedTold.Should().NotContain("Padding");
        (real.Padding?.Mask, all.Padding).Should().Be(("attention_mask", null));
    }

    [Fact]
    public void Another_input_can_be_the_mask()
    {
        ModelCalibration calibration = Calibrate(out _, "--mask", "attention_mask");
        calibration.Activations[PaddedModel.Rows].Count.Should().Be(13 * PaddedModel.Width);

        Refuse("--mask", "ids").Should().Contain("input 'ids' is to mask positions, but it is no matrix of the integers 0 and 1");
        Refuse("--mask", "nothing").Should().Contain("has no input 'nothing' to mask positions; its inputs are 'ids', 'attention_mask'.");
    }

    [Fact]
    public void Axes_that_follow_the_mask_can_be_named()
    {
        ModelCalibration none = Calibrate(out _, "--mask-axes", $"{PaddedModel.Rows}=none"),
            batch = Calibrate(out _, "--mask-axes", $"{PaddedModel.Rows}=0,1", "--mask-axes", $"{PaddedModel.Pooled}=none");

        none.Activations[PaddedModel.Rows].Count.Should().Be(2 * Length * PaddedModel.Width);
        none.Activations[PaddedModel.Flat].Count.Should().Be(13 * PaddedModel.Width);
        batch.Activations[PaddedModel.Rows].Count.Should().Be(13 * PaddedModel.Width);
        batch.Padding!.Axes.Keys.Should().BeEquivalentTo([PaddedModel.Rows, PaddedModel.Flat]);
        Refuse("--mask-axes", $"{PaddedModel.Rows}=0,2").Should().Contain("cannot follow a mask [2, 9]; name other axes.");
        Refuse("--mask-axes", "x=first").Should().Contain("--mask-axes x=first: give the name of an activation, '=', the batch axis or "
            + "'-', and the sequence axes, counted from 0, as in hidden=0,1.");
        Refuse("--mask-axes", "=0,1").Should().Contain("--mask-axes =0,1: give the name of an activation");
    }

    [Fact]
    public void A_merge_tells_that_calibrations_left_out_different_padding()
    {
        Calibrate(out _);
        File.Move(_folder.PathTo("state.qcal"), _folder.PathTo("real.qcal"));
        Calibrate(out _, "--count-padding");

        ToolRun run = ToolRun.InProcess(
            "merge", _folder.PathTo("real.qcal"), _folder.PathTo("state.qcal"), "--state", _folder.PathTo("merged.qcal"));

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should()
            .Contain("Padding was left out of some of the merged calibrations only: the others had no mask, or all positions count there.");
    }

    private ModelCalibration Calibrate(out string told, params string[] options)
    {
        ToolRun run = Run(options);
        run.ExitCode.Should().Be(0, run.Error);
        told = run.Output;
        return ModelCalibration.Load(_folder.PathTo("state.qcal"));
    }

    private string Refuse(params string[] options)
    {
        ToolRun run = Run(options);
        run.ExitCode.Should().NotBe(0);
        return run.ErrorLine;
    }

    private ToolRun Run(string[] options)
    {
        string samples = _folder.PathTo("samples");
        Directory.CreateDirectory(samples);
        using (ZipArchive archive = new(File.Create(Path.Combine(samples, "padded.npz")), ZipArchiveMode.Create))
        {
            foreach (SampleTensor input in PaddedModel.Pad(Length, PaddedModel.Sentences(Length, 4)).Inputs)
            {
                using Stream entry = archive.CreateEntry($"{input.Name}.npy").Open();
                entry.Write(Npy.Long(input.Data, 2, Length));
            }
        }

        return ToolRun.InProcess(["calibrate", _model, "--data", samples, "--state", _folder.PathTo("state.qcal"), .. options]);
    }
}
