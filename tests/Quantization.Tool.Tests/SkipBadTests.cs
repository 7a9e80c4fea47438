using System.Globalization;

namespace Quantization.Tool.Tests;

/// <summary>Samples that cannot be read, and label files of other makes.</summary>
public sealed class SkipBadTests
{
    [Fact]
    public void Samples_that_cannot_be_read_are_named_counted_and_left_out()
    {
        using FashionFolder folder = new(40);
        string bad = folder["samples/image0007.npy"];
        File.WriteAllBytes(bad, File.ReadAllBytes(bad)[..1000]);
        string[] arguments = ["ptq", folder.Model, "--data", folder.Samples, "--labels", folder.WriteLabels(40), "--output", folder.Output];

        ToolRun refused = ToolRun.InProcess(arguments);
        ToolRun run = ToolRun.InProcess([.. arguments, "--skip-bad"]);

        refused.ExitCode.Should().Be(1);
        run.ExitCode.Should().Be(0, run.Error);
        run.Error.Should().Contain($"left out: {bad}: its shape [1, 1, 28, 28] of float32 needs 3136 bytes");
        run.Output.Should().Contain("Samples: arrays, taken as they are; 1 of 40 samples left out, because they cannot be read.")
            .And.Contain("Calibrated with MSE on 10 samples").And.Contain("scored on the 29 other samples");
    }

    [Fact]
    public void Too_many_samples_that_cannot_be_read_are_refused()
    {
        using FashionFolder folder = new(10);
        folder.Write("samples/image0001.npy", "no array");
        folder.Write("samples/image0002.npy", "no array");

        ToolRun run = ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--skip-bad");

        run.ExitCode.Should().Be(1);
        run.ErrorLine.Should().StartWith($"{folder.Samples}: 2 of 10 samples cannot be read, more than the 10 % that may be left out; "
            + $"repair or remove them. {folder["samples/image0001.npy"]}: ");
        File.Exists(folder.Output).Should().BeFalse();
    }

    [Fact]
    public void A_damaged_image_is_left_out_too()
    {
        using FashionFolder folder = new(1);
        byte[] image = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Images", "Data", "noise.png"));
        for (int i = 0; i < 12; i++)
        {
            folder.Write(string.Create(CultureInfo.InvariantCulture, $"images/i{i:D2}.png"), image);
        }

        folder.Write("images/cut.png", image[..(image.Length / 2)]);

        ToolRun run = ToolRun.InProcess("ptq", folder.Model, "--data", folder["images"], "--output", folder.Output, "--skip-bad");

        run.ExitCode.Should().Be(0, run.Error);
        run.Error.Should().Contain("left out: ").And.Contain("cut.png");
        run.Output.Should().Contain("1 of 13 samples left out");
    }

    [Fact]
    public void A_header_line_is_passed_over_and_class_names_are_counted_in_their_order()
    {
        using FashionFolder folder = new(8);
        string header = folder.Write("header.csv", "file,label\n" + File.ReadAllText(folder.WriteLabels(8)));
        string named = folder.Write("named.csv", "file,class\n" + string.Concat(Enumerable.Range(0, 8).Select(i =>
            string.Create(CultureInfo.InvariantCulture, $"image{i:D4}.npy,{(i % 2 == 0 ? "shirt" : "bag")}\n"))));

        ToolRun withHeader = ToolRun.InProcess(
            "ptq", folder.Model, "--data", folder.Samples, "--labels", header, "--output", folder.Output);
        ToolRun withNames = ToolRun.InProcess("ptq", folder.Model, "--data", folder.Samples, "--labels", named, "--output", folder.Output);

        withHeader.ExitCode.Should().Be(0, withHeader.Error);
        withHeader.Output.Should().Contain("scored on the 6 other samples");
        withNames.ExitCode.Should().Be(0, withNames.Error);
        withNames.Error.Should()
            .Contain($"{named}: classes are counted in the alphabetical order of their names, capitals first: 0 bag, 1 shirt.");
    }

    [Fact]
    public void No_line_of_progress_is_written_twice()
    {
        using FashionFolder folder = new(24);

        ToolRun run = ToolRun.InProcess(
            "partial", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--reach", "30", "--weight-bits", "4",
            "--float-only", "--max-trials", "4");

        run.ExitCode.Should().BeOneOf([0, 3], run.Error);
        run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().OnlyHaveUniqueItems().And.HaveCountGreaterThan(4);
    }
}
