using System.Text;

namespace Quantization.Onnx.Tests.Samples;

/// <summary>Label files as other programs write them.</summary>
public sealed class LabelFileFormTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_header_line_is_no_label()
    {
        LabelFile labels = Read("filename,label\na.npy,3\nb.npy,1\n");

        labels.Names.Should().Equal("a.npy", "b.npy");
        labels.Find("a.npy").Should().Be(3);
    }

    [Fact]
    public void A_sample_whose_class_is_misspelled_is_no_header()
    {
        LabelFile labels = Read("a,x\nb,1\n");

        FluentActions.Invoking(() => labels.ThrowUnlessAmong(["a", "b"], "samples"))
            .Should().Throw<InvalidDataException>().WithMessage("*labels.csv, line 1: 'x' is no class index; write a whole number from 0.");
        FluentActions.Invoking(() => Read("a.npy,x\nb.npy,1\n")).Should()
            .Throw<InvalidDataException>().WithMessage("*line 1: 'x' is no class index*");
        FluentActions.Invoking(() => Read("a.npy,1\nb.npy,x\n")).Should()
            .Throw<InvalidDataException>().WithMessage("*line 2: 'x' is no class index*");
        FluentActions.Invoking(() => Read("a.npy,1.0\nb.npy,2.0\n")).Should()
            .Throw<InvalidDataException>().WithMessage("*line 1: '1.0' is no class index*");
        FluentActions.Invoking(() => Read("a.npy,x\n")).Should()
            .Throw<InvalidDataException>().WithMessage("*line 1: 'x' is no class index*");
    }

    [Fact]
    public void Names_of_classes_are_counted_in_ordinal_order()
    {
        LabelFile labels = Read(
            "image,class\na.png,dog\nb.png,Cat\nc.png,dog\nd.png,\"a, b\"\n".Replace("\"a, b\"", "ant", StringComparison.Ordinal));

        labels.ClassNames.Should().Equal("Cat", "ant", "dog");
        ((string[])["a.png", "b.png", "c.png", "d.png"]).Select(labels.Find).Should().Equal(2, 0, 2, 1);
        Read("a.npy,0\n").ClassNames.Should().BeEmpty();
    }

    [Fact]
    public void Names_of_classes_are_counted_as_a_list_of_classes_orders_them()
    {
        string list = _folder.Write("classes.txt", "dog\n ant \nCat\nzebra\n\n"u8.ToArray());
        string named = _folder.Write("labels.csv", "image,class\na.png,dog\nb.png,Cat\nc.png,ant\n"u8.ToArray());

        LabelFile labels = LabelFile.Read(named, list);

        labels.ClassNames.Should().Equal("dog", "ant", "Cat", "zebra");
        ((string[])["a.png", "b.png", "c.png"]).Select(labels.Find).Should().Equal(0, 2, 1);
        labels.ClassesPath.Should().Be(list);
        LabelFile.Read(_folder.Write("one.csv", "a.png,Cat\n"u8.ToArray()), list).Find("a.png").Should().Be(2);
        LabelFile.Read(_folder.Write("index.csv", "a.png,3\n"u8.ToArray()), list).Find("a.png").Should().Be(3);
    }

    [Theory]
    [InlineData(
        "a.png,dog\nb.png,cow\n",
        "dog\nant\n",
        "*labels.csv, line 2: 'cow' is no class of *classes.txt; add it there, or correct the name.")]
    [InlineData(
        "a.png,0\nb.png,2\n",
        "dog\nant\n",
        "*labels.csv, line 2: class index 2 is not among the 2 classes of *classes.txt; correct one of the files.")]
    [InlineData(
        "a.png,dog\nb.png,ant\n",
        "dog\nant\ndog\n",
        "*classes.txt, line 3: 'dog' is the name of the class in line 1 too; give each class a name of its own.")]
    [InlineData(
        "a.png,dog\nb.png,ant\n",
        "dog\n\nant\n",
        "*classes.txt, line 2: the line is empty, but every line stands for a class; write the name of the class.")]
    [InlineData("a.png,dog\nb.png,ant\n", "\n", "*classes.txt: the list of classes is empty; write one name per line.")]
    public void Labels_that_do_not_fit_the_list_of_classes(string labels, string classes, string message)
    {
        string list = _folder.Write("classes.txt", Encoding.UTF8.GetBytes(classes)),
            path = _folder.Write("labels.csv", Encoding.UTF8.GetBytes(labels));

        FluentActions.Invoking(() => LabelFile.Read(path, list)).Should().Throw<InvalidDataException>().WithMessage(message);
    }

    [Fact]
    public void A_list_of_classes_that_is_not_there()
    {
        string path = _folder.Write("labels.csv", "a.png,dog\nb.png,ant\n"u8.ToArray());

        FluentActions.Invoking(() => LabelFile.Read(path, "none/classes.txt")).Should()
            .Throw<FileNotFoundException>().WithMessage("none/classes.txt: there is no such list of classes.");
    }

    [Fact]
    public void Backslashes_separate_folders_as_well()
    {
        LabelFile labels = Read("cats\\a.png,1\ndogs/b.png,2\n");

        labels.ThrowUnlessAmong(["cats/a.png", "dogs/b.png"], "images");
        labels.Find("cats/a.png").Should().Be(1);
        labels.Locate("cats/a.png").Should().EndWith("line 1");
        labels.Find("dogs/b.png").Should().Be(2);
    }

    private LabelFile Read(string text) => LabelFile.Read(_folder.Write("labels.csv", Encoding.UTF8.GetBytes(text)));
}
