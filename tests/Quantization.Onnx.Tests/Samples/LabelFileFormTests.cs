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
        FluentActions.Invoking(() => Read("a.npy,x\nb.npy,1\n")).Should().Throw<InvalidDataException>().WithMessage("*line 1: 'x' is no class index*");
        FluentActions.Invoking(() => Read("a.npy,1\nb.npy,x\n")).Should().Throw<InvalidDataException>().WithMessage("*line 2: 'x' is no class index*");
        FluentActions.Invoking(() => Read("a.npy,1.0\nb.npy,2.0\n")).Should().Throw<InvalidDataException>().WithMessage("*line 1: '1.0' is no class index*");
        FluentActions.Invoking(() => Read("a.npy,x\n")).Should().Throw<InvalidDataException>().WithMessage("*line 1: 'x' is no class index*");
    }

    [Fact]
    public void Names_of_classes_are_counted_in_ordinal_order()
    {
        LabelFile labels = Read("image,class\na.png,dog\nb.png,Cat\nc.png,dog\nd.png,\"a, b\"\n".Replace("\"a, b\"", "ant", StringComparison.Ordinal));

        labels.ClassNames.Should().Equal("Cat", "ant", "dog");
        ((string[])["a.png", "b.png", "c.png", "d.png"]).Select(labels.Find).Should().Equal(2, 0, 2, 1);
        Read("a.npy,0\n").ClassNames.Should().BeEmpty();
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
