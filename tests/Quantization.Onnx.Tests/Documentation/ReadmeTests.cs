using System.Diagnostics;
using System.Text.RegularExpressions;
using Quantization.Tool.Tests;

namespace Quantization.Onnx.Tests.Documentation;

/// <summary>Every C# example of a README is compiled, run, and word for word the code that ran.</summary>
public sealed partial class ReadmeTests
{
    /// <summary>The folder that the examples of models run in: <c>model.onnx</c>, and random images in <c>samples</c>.</summary>
    private static TemporaryFolder FolderWithModel(int samples)
    {
        TemporaryFolder folder = new();
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Assets", "fashion-mobilenet.onnx"), folder.PathTo("model.onnx"));
        for (int i = 0; i < samples; i++)
        {
            Random random = new(i);
            folder.Write($"samples/{i}.npy", Npy.Float([.. Enumerable.Range(0, 28 * 28).Select(_ => random.NextSingle())], 1, 28, 28));
        }

        return folder;
    }

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Documentation");

    public static TheoryData<string> Readmes => new(Directory.GetFiles(Path.Combine(Folder, "readmes"), "*.md", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Folder, file)));

    [Theory]
    [MemberData(nameof(Readmes))]
    public void Examples_of_a_readme_are_code_that_is_compiled(string readme)
    {
        string[] sources = [.. Directory.GetFiles(Path.Combine(Folder, "examples"), "*.cs").Select(file => Dedent(File.ReadAllText(file)))];
        IEnumerable<string> examples =  CSharpBlocks().Matches(File.ReadAllText(Path.Combine(Folder, readme)).ReplaceLineEndings("\n"))
            .Select(block => Dedent(block.Groups[1].Value));

        examples.Where(example => !sources.Any(source => source.Contains(Usings().Replace(example, ""), StringComparison.Ordinal))).Should()
            .BeEmpty("each example must stand in a file of tests/Quantization.Examples");
    }

    [Theory]
    [MemberData(nameof(Readmes))]
    public void Examples_begin_with_the_namespaces_that_they_need(string readme)
    {
        IEnumerable<string> examples = CSharpBlocks().Matches(File.ReadAllText(Path.Combine(Folder, readme)).ReplaceLineEndings("\n"))
            .Select(block => Dedent(block.Groups[1].Value));

        examples.Where(example => !Usings().IsMatch(example)).Should().BeEmpty();
    }

    [Fact]
    public void The_readme_of_the_repository_has_examples() =>
        CSharpBlocks().Count(File.ReadAllText(Path.Combine(Folder, "readmes", "README.md")).ReplaceLineEndings("\n")).Should()
            .BeGreaterThan(2);

    [Theory]
    [InlineData("tensor", "50 -127 1 100 -64 127")]
    [InlineData("codebook", "0 1 1 2")]
    [InlineData("calibration", "0 48 64 96 128 255")]
    public async Task An_example_prints_what_its_comment_says(string example, string expected) =>
        (await RunAsync(example, Path.GetTempPath())).Should().Be(expected);

    [Fact]
    public async Task The_transformer_example_needs_no_samples()
    {
        using TemporaryFolder folder = FolderWithModel(samples: 0);

        string output = await RunAsync("transformer", folder.FullName);

        output.Should().Be($"{new FileInfo(folder.PathTo("model.weights.onnx")).Length} and "
            + $"{new FileInfo(folder.PathTo("model.dynamic.onnx")).Length} of 267482 bytes");
    }

    [Fact]
    public async Task The_example_of_the_vector_store_finds_saves_and_loads()
    {
        using TemporaryFolder folder = FolderWithModel(samples: 0);

        string output = await RunAsync("vector-store", folder.FullName);

        output.Split('\n').Should().Equal("a red cat", "26");
        folder.Entries.Should().Contain(["articles.bin", "model.calibration.json"]);
    }

    [Fact]
    public async Task The_example_of_hosting_quantizes_by_both_quantizers()
    {
        using TemporaryFolder folder = FolderWithModel(samples: 2);

        string output = await RunAsync("hosting", folder.FullName);

        output.Split('\n')[^1].Should().Be($"{new FileInfo(folder.PathTo("model.int8.onnx")).Length} of 267482 bytes");
        new FileInfo(folder.PathTo("model.weights.onnx")).Length.Should().BeLessThan(267482);
    }

    [Fact]
    public async Task The_model_example_writes_an_int8_model()
    {
        using TemporaryFolder folder = FolderWithModel(samples: 4);

        string output = await RunAsync("model", folder.FullName);

        long bytes = new FileInfo(folder.PathTo("model.int8.onnx")).Length;
        output.Should().Be($"{bytes} of 267482 bytes");
        bytes.Should().BeLessThan(267482 * 4 / 10);
    }

    [Fact]
    public async Task The_example_of_deciding_picks_a_model_and_says_why_no_other()
    {
        using TemporaryFolder folder = FolderWithModel(samples: 12);

        string output = await RunAsync("auto", folder.FullName);

        output.Should().StartWith("Picked ");
        output.Split('\n').Skip(1).Should().HaveCount(4).And.OnlyContain(line => line.StartsWith("Not "));
        new FileInfo(folder.PathTo("model.int8.onnx")).Length.Should().BeLessThanOrEqualTo(267482 / 2);
    }

    [Fact]
    public async Task The_example_of_images_quantizes_a_model()
    {
        using TemporaryFolder folder = FolderWithModel(samples: 0);
        foreach ((string name, string file)
            in new[] { ("cat/1", "noise.png"), ("cat/2", "noise.webp"), ("dog/1", "noise.gif"), ("dog/2", "noise.bmp") })
        {
            folder.Write($"images/{name}{Path.GetExtension(file)}", File.ReadAllBytes(Path.Combine(Folder, "images", file)));
        }

        string output = await RunAsync("images", folder.FullName);

        output.Should().Be($"4 images of 2 classes, 3 to score; {new FileInfo(folder.PathTo("model.int8.onnx")).Length} of 267482 bytes");
    }

    [Fact]
    public async Task The_examples_of_partial_quantization_run()
    {
        using TemporaryFolder folder = FolderWithModel(samples: 8);

        folder.Write("labels.csv", string.Join('\n', Enumerable.Range(0, 8).Select(i => $"{i}.npy,{i}")));

        (await RunAsync("partial", folder.FullName)).Should().StartWith("The target of a loss of at most 0.005 is met: top-1 accuracy ");
        folder.Entries.Should().Equal("labels.csv", "model.onnx", "model.other.onnx", "model.partial.onnx", "samples", "trials.qtri");
        (await RunAsync("sensitivity", folder.FullName)).Split('\n').Should()
            .HaveCount(5).And.OnlyContain(line => line.Contains('/') || line.StartsWith("classifier"));
    }

    private static async Task<string> RunAsync(string example, string workingFolder)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "Quantization.Examples.dll"), example])
        {
            WorkingDirectory = workingFolder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        (await errors).Should().BeEmpty();
        process.ExitCode.Should().Be(0);
        return output.Trim();
    }

    private static string Dedent(string code) => string.Join('\n', code.ReplaceLineEndings("\n").Split('\n').Select(line => line.Trim()));

    /// <summary>The lines of namespaces that an example begins with.</summary>
    [GeneratedRegex(@"\A(?:using [\w. ]+;\n)+\n")]
    private static partial Regex Usings();

    [GeneratedRegex("```csharp\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlocks();
}
