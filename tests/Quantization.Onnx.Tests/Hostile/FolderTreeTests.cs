namespace Quantization.Onnx.Tests.Hostile;

/// <summary>Folders of links have an end.</summary>
public sealed class FolderTreeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Links_that_lead_back_are_not_followed()
    {
        _folder.Write("a/x.png", "");
        Directory.CreateSymbolicLink(_folder.PathTo("a/up"), _folder.FullName);
        Directory.CreateSymbolicLink(_folder.PathTo("self"), _folder.FullName);
        Directory.CreateSymbolicLink(_folder.PathTo("a/self"), _folder.PathTo("a"));

        FolderTree.EnumerateFiles(_folder.FullName).Should().Equal(_folder.PathTo("a/x.png"));
    }

    [Fact]
    public void Links_to_other_folders_are_followed_each_time()
    {
        _folder.Write("data/cat/x.png", "");
        Directory.CreateDirectory(_folder.PathTo("classes"));
        Directory.CreateSymbolicLink(_folder.PathTo("classes/cat"), _folder.PathTo("data/cat"));
        Directory.CreateSymbolicLink(_folder.PathTo("classes/feline"), _folder.PathTo("data/cat"));

        FolderTree.EnumerateFiles(_folder.PathTo("classes")).Should()
            .BeEquivalentTo(_folder.PathTo("classes/cat/x.png"), _folder.PathTo("classes/feline/x.png"));
    }

    [Fact]
    public void Links_to_folders_of_links_are_refused_where_they_come_to_too_many()
    {
        for (int i = 0; i < 24; i++)
        {
            Directory.CreateDirectory(_folder.PathTo($"level{i}"));
        }

        for (int i = 0; i < 23; i++)
        {
            Directory.CreateSymbolicLink(_folder.PathTo($"level{i}/left"), _folder.PathTo($"level{i + 1}"));
            Directory.CreateSymbolicLink(_folder.PathTo($"level{i}/right"), _folder.PathTo($"level{i + 1}"));
        }

        FluentActions.Invoking(() => FolderTree.EnumerateFiles(_folder.PathTo("level0"), mostFolders: 1000).Count()).Should()
            .Throw<IOException>().WithMessage($"{_folder.PathTo("level0")}: it has more than 1000 folders inside, *");
    }
}
