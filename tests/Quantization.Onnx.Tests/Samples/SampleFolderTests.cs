namespace Quantization.Onnx.Tests.Samples;

public sealed class SampleFolderTests
{
    [Fact]
    public void Arrays_archives_and_subfolders_are_samples_in_ordinal_order()
    {
        using TemporaryFolder folder = new();
        byte[] array = File.ReadAllBytes(SampleData.Path("little_f4.npy"));
        folder.Write("b.npy", array);
        folder.Write("a.npz", File.ReadAllBytes(SampleData.Path("stored.npz")));
        folder.Write("B.npy", array);
        folder.Write("test_data_set_0/input_0.pb", File.ReadAllBytes(SampleData.Path("raw_f4.pb")));
        folder.Write("test_data_set_0/output_0.pb", []);
        folder.Write("other/readme.txt", []);
        folder.Write("labels.csv", "");

        SampleFolder samples = new(folder.FullName);

        samples.Count.Should().Be(4);
        samples.Select(sample => Path.GetRelativePath(folder.FullName, sample.Name)).Should()
            .Equal("B.npy", "a.npz", "b.npy", "test_data_set_0");
        samples.Select(sample => sample.Inputs.Length).Should().Equal(1, 2, 1, 1);
    }

    [Fact]
    public void A_folder_with_ONNX_inputs_is_one_sample_with_the_inputs_in_order_of_their_numbers()
    {
        using TemporaryFolder folder = new();
        byte[] unnamed = File.ReadAllBytes(SampleData.Path("unnamed.pb"));
        for (int i = 0; i < 11; i++)
        {
            folder.Write($"input_{i}.pb", i == 10 ? File.ReadAllBytes(SampleData.Path("raw_i8.pb")) : unnamed);
        }

        ModelSample sample = new SampleFolder(folder.FullName).Should().ContainSingle().Subject;

        sample.Name.Should().Be(folder.FullName);
        sample.Inputs.ToArray().Select(input => input.Name).Should().Equal([.. Enumerable.Repeat<string?>(null, 10), "x"]);
    }

    [Fact]
    public void A_gap_in_the_numbers_of_ONNX_inputs_is_named()
    {
        using TemporaryFolder folder = new();
        folder.Write("input_0.pb", File.ReadAllBytes(SampleData.Path("raw_f4.pb")));
        folder.Write("input_2.pb", File.ReadAllBytes(SampleData.Path("raw_f4.pb")));

        Refusal(() => new SampleFolder(folder.FullName).ToList()).Should()
            .StartWith($"{Path.Combine(folder.FullName, "input_1.pb")}: the file is missing");
    }

    [Fact]
    public void An_empty_folder_is_refused()
    {
        using TemporaryFolder folder = new();

        Refusal(() => new SampleFolder(folder.FullName)).Should()
            .StartWith($"{folder.FullName}: the folder has no sample; put .npy or .npz files there");
    }

    [Fact]
    public void A_missing_folder_is_refused()
    {
        Action open = () => _ = new SampleFolder("no/such/folder");

        open.Should().Throw<DirectoryNotFoundException>().WithMessage("no/such/folder: there is no such folder.");
    }

    [Fact]
    public void A_damaged_file_is_met_only_when_its_turn_comes()
    {
        using TemporaryFolder folder = new();
        folder.Write("a.npy", File.ReadAllBytes(SampleData.Path("little_f4.npy")));
        string damaged = folder.Write("b.npy", [1, 2, 3]);

        using IEnumerator<ModelSample> samples = new SampleFolder(folder.FullName).GetEnumerator();

        samples.MoveNext().Should().BeTrue();
        Refusal(() => samples.MoveNext()).Should().StartWith($"{damaged}: it ends too early");
    }

    [Fact]
    public void Labels_go_to_the_samples_of_their_names()
    {
        using TemporaryFolder folder = Images("a, 1.npy", "b.npy", "c.npy");
        string labels = folder.Write("labels.csv", "\uFEFF\"a, 1.npy\", 7\r\n\r\nb.npy,0\n");

        SampleFolder samples = new(folder.FullName, LabelFile.Read(labels));

        samples.Select(sample => sample.Label).Should().Equal(7, 0, null);
    }

    [Theory]
    [InlineData("a.npy,1\nz.npy,2\n", "line 2: 'z.npy' is no sample of ")]
    [InlineData("a.npy,one\n", "line 1: 'one' is no class index")]
    [InlineData("a.npy,-1\n", "line 1: '-1' is no class index")]
    [InlineData("a.npy,1.0\n", "line 1: '1.0' is no class index")]
    [InlineData("a.npy,99999999999\n", "line 1: '99999999999' is no class index")]
    [InlineData("\na.npy\n", "line 2: 'a.npy' does not read 'file name,class index'")]
    [InlineData(",3\n", "line 1: ',3' does not read 'file name,class index'")]
    [InlineData("a.npy,1\n\na.npy,1\n", "line 3: 'a.npy' already has a label in line 1")]
    public void A_wrong_line_is_named(string content, string message)
    {
        using TemporaryFolder folder = Images("a.npy");
        string labels = folder.Write("labels.csv", content);

        Refusal(() => new SampleFolder(folder.FullName, LabelFile.Read(labels))).Should().StartWith($"{labels}, {message}");
    }

    [Fact]
    public void A_label_file_without_labels_is_refused()
    {
        using TemporaryFolder folder = new();
        string labels = folder.Write("labels.csv", "\n \n");

        Refusal(() => LabelFile.Read(labels)).Should().StartWith($"{labels}: the file has no label");
    }

    [Fact]
    public void Every_fourth_labelled_sample_and_those_without_label_calibrate()
    {
        using TemporaryFolder folder = Images("a.npy", "b.npy", "c.npy", "d.npy", "e.npy", "f.npy", "g.npy");
        string labels = folder.Write("labels.csv", "g.npy,0\nf.npy,0\ne.npy,0\nd.npy,0\nb.npy,0\na.npy,0\n");

        (SampleFolder calibration, SampleFolder scoring) = new SampleFolder(folder.FullName, LabelFile.Read(labels)).Split();

        calibration.Select(sample => Path.GetFileName(sample.Name)).Should().Equal("a.npy", "c.npy", "f.npy");
        scoring.Select(sample => Path.GetFileName(sample.Name)).Should().Equal("b.npy", "d.npy", "e.npy", "g.npy");
        scoring.Should().AllSatisfy(sample => sample.Label.Should().Be(0));
    }

    [Fact]
    public void One_labelled_sample_cannot_be_split()
    {
        using TemporaryFolder folder = Images("a.npy", "b.npy");
        string labels = folder.Write("labels.csv", "a.npy,0");
        Action split = () => new SampleFolder(folder.FullName, LabelFile.Read(labels)).Split();

        split.Should().Throw<InvalidOperationException>().WithMessage($"{folder.FullName}: 1 of its samples have a label; two are needed*");
    }

    private static TemporaryFolder Images(params string[] names)
    {
        TemporaryFolder folder = new();
        foreach (string name in names)
        {
            folder.Write(name, File.ReadAllBytes(SampleData.Path("little_f4.npy")));
        }

        return folder;
    }

    private static string Refusal(Func<object> action) => action.Should().Throw<InvalidDataException>().Which.Message;
}
