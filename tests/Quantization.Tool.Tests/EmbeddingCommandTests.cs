namespace Quantization.Tool.Tests;

/// <summary>What needs embeddings or scores is one line where there are none.</summary>
public sealed class EmbeddingCommandTests
{
    [Fact]
    public void Metrics_of_embeddings_are_refused_where_there_are_none()
    {
        using FashionFolder folder = new(12);
        string scores = folder["pairs.csv"];
        File.WriteAllText(scores, "a.npy,b.npy,1\n");

        ToolRun.InProcess("search", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--metric", "spearman", "--quiet")
            .ErrorLine.Should().StartWith("--metric spearman needs scores of pairs of samples: give --scores pairs.csv too");
        ToolRun.InProcess("search", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--metric", "recall@10", "--quiet")
            .ErrorLine.Should().StartWith($"--metric recall@10 needs embeddings, but {folder.Model} has neither an output");
        ToolRun.InProcess("dynamic", folder.Model, "--output", folder.Output, "--scores", scores, "--quiet")
            .ErrorLine.Should().StartWith("--scores needs the samples that it compares: give --data DIR too.");
        ToolRun.InProcess("dynamic", folder.Model, "--data", folder.Samples, "--output", folder.Output, "--scores", scores, "--quiet")
            .ErrorLine.Should().StartWith("--scores needs embeddings, but");
        File.Exists(folder.Output).Should().BeFalse();
    }
}
