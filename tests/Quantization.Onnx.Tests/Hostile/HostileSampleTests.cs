using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Samples;

namespace Quantization.Onnx.Tests;

/// <summary>Sample files that ask for more memory or time than they are worth. Each is refused by name before its data is read.</summary>
public sealed class HostileSampleTests : IDisposable
{
    private const long FewBytes = 8 << 20;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_archive_that_inflates_to_a_quarter_gigabyte_where_the_model_wants_784_floats()
    {
        string bomb = SampleFiles.Bomb(_folder.PathTo("bomb.npz"), "x", "<f4", "(1, 1, 8192, 8192)", 1 << 28);
        using InferenceSession session = TinyModel.Open(TinyModel.Identity(shape: [-1, 1, 28, 28]));
        long before = GC.GetAllocatedBytesForCurrentThread();

        ModelSample sample = new SampleFolder(_folder.FullName).Single();
        Refusal(() => SampleBinder.Bind(sample, session.InputMetadata)).Should()
            .Be($"{bomb}: input 'x' has shape [1, 1, 8192, 8192], but the model takes [N, 1, 28, 28], with or without the first axis.");

        sample.Inputs[0].IsRead.Should().BeFalse();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(FewBytes);
    }

    [Theory]
    [InlineData("wrong name", "y", "<f4", "(1, 1, 8192, 8192)", "the model has no input 'y'")]
    [InlineData("wrong type", "x", "<i4", "(1, 1, 8192, 8192)", "input 'x' holds int32, but the model takes float32")]
    public void Names_and_types_are_checked_before_data_too(string why, string name, string type, string shape, string message)
    {
        string bomb = SampleFiles.Bomb(_folder.PathTo("bomb.npz"), name, type, shape, 1 << 28);
        using InferenceSession session = TinyModel.Open(TinyModel.Identity(shape: [-1, 1, 8192, 8192]));
        long before = GC.GetAllocatedBytesForCurrentThread();

        ModelSample sample = new SampleFolder(_folder.FullName).Single();
        Refusal(() => SampleBinder.Bind(sample, session.InputMetadata)).Should().StartWith($"{bomb}: {message}", why);

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(FewBytes);
    }

    [Fact]
    public void Every_input_is_checked_before_the_data_of_any_is_read()
    {
        ModelSample sample =
            new("s", new SampleTensor("a", TensorElementType.Float, [1, 2], () => throw new InvalidOperationException("read")),
                SampleTensor.Create<float>("b", [1, 2, 3], 3));
        using InferenceSession session = TinyModel.Open(TinyModel.Add(-1, 2));

        Refusal(() => SampleBinder.Bind(sample, session.InputMetadata)).Should().StartWith("s: input 'b' has shape [3]");
        Refusal(() => SampleBinder.CanStack(sample, sample, session.InputMetadata)).Should().StartWith("s: input 'b' has shape [3]");
    }

    [Fact]
    public void An_array_above_the_limit_where_the_model_leaves_the_shape_free()
    {
        string bomb = SampleFiles.Bomb(_folder.PathTo("bomb.npz"), "x", "|u1", "(1048577,)", (1 << 20) + 1);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Refusal(() => new SampleFolder(_folder.FullName) { MaxSampleBytes = 1 << 20 }.ToList()).Should()
            .Be($"{bomb}: in its array 'x', its shape [1048577] of uint8 asks for 1048577 bytes, more than the 1048576 that are left to a "
                + "sample; split the sample.");

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(FewBytes);
        new SampleFolder(_folder.FullName) { MaxSampleBytes = (1 << 20) + 1 }.Single().Inputs[0].Data.Length.Should().Be((1 << 20) + 1);
    }

    [Fact]
    public void Arrays_that_exceed_the_limit_together()
    {
        string path = SampleFiles.Archive(_folder.PathTo("many.npz"), ["a", "b", "c", "d"]);

        new SampleFolder(_folder.FullName) { MaxSampleBytes = 4 }.Single().Inputs.Length.Should().Be(4);
        Refusal(() => new SampleFolder(_folder.FullName) { MaxSampleBytes = 3 }.ToList()).Should()
            .Be($"{path}: in its array 'd', its shape [1] of uint8 asks for 1 bytes, more than the 0 that are left to a sample; split the "
                + "sample.");
    }

    [Fact]
    public void The_default_limit_holds_for_arrays_whose_file_is_as_long_as_they_say()
    {
        string path = _folder.PathTo("large.npy");
        using (FileStream file = File.Create(path))
        {
            file.Write(SampleFiles.NpyHead("<f4", "(1, 536870912)"));
            file.SetLength(file.Position + (1L << 31)); // no room is taken on the disk
        }

        Refusal(() => new SampleFolder(_folder.FullName).ToList())
            .Should().StartWith($"{path}: its shape [1, 536870912] asks for more than 2147483591 bytes");

        using (FileStream file = File.Create(path))
        {
            file.Write(SampleFiles.NpyHead("<f4", "(300000000,)"));
            file.SetLength(file.Position + 1_200_000_000);
        }

        Refusal(() => new SampleFolder(_folder.FullName).ToList()).Should()
            .Be($"{path}: its shape [300000000] of float32 asks for 1200000000 bytes, more than the 1073741824 that are left to a sample; "
                + "split the sample.");
    }

    [Fact]
    public void The_limit_holds_for_both_halves_of_a_split() =>
        new SampleFolder(Images(), LabelFile.Read(_folder.Write("labels.csv", "a.npy,0\nb.npy,1"))) { MaxSampleBytes = 7 }
            .Split().Scoring.MaxSampleBytes.Should().Be(7);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_limit_that_is_not_positive(long limit) =>
        FluentActions.Invoking(() => new SampleFolder(Images()) { MaxSampleBytes = limit }).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void An_archive_whose_directory_claims_more_than_can_be_packed()
    {
        string path = SampleFiles.Bomb(_folder.PathTo("lie.npz"), "x", "|u1", "(500000000,)", 1000);
        byte[] archive = File.ReadAllBytes(path);
        int directory = archive.AsSpan().LastIndexOf("PK\x01\x02"u8);
        int head = SampleFiles.NpyHead("|u1", "(500000000,)").Length;
        BinaryPrimitives.WriteInt32LittleEndian(archive.AsSpan(directory + 24), 500_000_000 + head);
        File.WriteAllBytes(path, archive);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Refusal(() => SampleFile.ReadNpz(path))
            .Should().StartWith($"{path}: in its array 'x', {500_000_000 + head} bytes are claimed to be packed in ");

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(FewBytes);
    }

    [Fact]
    public void An_archive_whose_directory_claims_more_than_it_holds()
    {
        string path = SampleFiles.Bomb(_folder.PathTo("lie.npz"), "x", "|u1", "(5000,)", 1000);
        byte[] archive = File.ReadAllBytes(path);
        int directory = archive.AsSpan().LastIndexOf("PK\x01\x02"u8);
        BinaryPrimitives.WriteInt32LittleEndian(archive.AsSpan(directory + 24), 5000 + SampleFiles.NpyHead("|u1", "(5000,)").Length);
        File.WriteAllBytes(path, archive);

        SampleTensor tensor = SampleFile.ReadNpz(path).Single();
        Refusal(() => tensor.Data.Length).Should().StartWith($"{path}: in its array 'x', ");
    }

    [Fact]
    public void Too_many_arrays()
    {
        string path = SampleFiles.Archive(_folder.PathTo("many.npz"), Enumerable.Range(0, 1025).Select(i => $"a{i}"));

        Refusal(() => SampleFile.ReadNpz(path)).Should().Be($"{path}: it holds 1025 arrays, and a sample may have 1024.");
    }

    [Fact]
    public void A_list_of_entries_that_is_longer_than_any_sample_needs()
    {
        string path =
            SampleFiles.Archive(_folder.PathTo("names.npz"), Enumerable.Range(0, 40).Select(i => $"{new string('a', 60_000)}{i}"));
        long before = GC.GetAllocatedBytesForCurrentThread();

        Refusal(() => SampleFile.ReadNpz(path)).Should().StartWith($"{path}: its list of entries is too long for the 1024 arrays");

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(FewBytes);
    }

    [Fact]
    public void Text_of_a_file_is_shown_in_one_line_without_what_a_terminal_obeys()
    {
        string array = _folder.Write("a.npy", [0x93, .. "NUMPY"u8, 1, 0, 14, 0, .. "{'descr':\u001B[2J\n"u8]);
        string archive = SampleFiles.Archive(_folder.PathTo("b.npz"), ["x\u001b", "x\u001b"]);
        string labels = _folder.Write("labels.csv", $"{new string('a', 60_000)}\u0007");

        Refusal(() => SampleFile.ReadNpy(array)).Should().StartWith($@"{array}: its header '{{'descr':\u001B[2J' lacks ");
        Refusal(() => SampleFile.ReadNpz(archive)).Should().Be($@"{archive}: it has two arrays called 'x\u001B'.");
        Refusal(() => LabelFile.Read(labels))
            .Should().Be($"{labels}, line 1: '{new string('a', 200)}…' does not read 'file name,class index'.");
    }

    [Fact]
    public void More_axes_than_NumPy_has()
    {
        string path = _folder.Write("axes.npy", [.. SampleFiles.NpyHead("|u1", $"({string.Concat(Enumerable.Repeat("1,", 65))})"), 1]);

        Refusal(() => SampleFile.ReadNpy(path)).Should().Be($"{path}: its shape has 65 axes; NumPy writes 64 at most.");
    }

    [Theory]
    [InlineData(new byte[] { (1 << 3) | 2, 127 }, "ends too early")]
    [InlineData(new byte[] { (9 << 3) | 2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1 }, "ends too early")]
    [InlineData(new byte[] { (9 << 3) | 2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1 }, "no serialized TensorProto")]
    [InlineData(new byte[] { (9 << 3) | 3 }, "no serialized TensorProto")]
    [InlineData(new byte[] { (1 << 3) | 2, 1, 0xFF, 0 }, "no serialized TensorProto")]
    public void Fields_of_a_TensorProto_that_lie(byte[] fields, string reason)
    {
        string path = _folder.Write("input_0.pb", fields);

        Refusal(() => SampleFile.ReadOnnx(_folder.FullName)).Should().StartWith(path).And.Contain(reason);
    }

    [Fact]
    public void A_TensorProto_of_comments_or_of_axes()
    {
        byte[] comment = [(12 << 3) | 2, 0x81, 0x80, 0x80, 1, .. new byte[(1 << 21) + 1]];
        string path = _folder.Write("input_0.pb", comment);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Refusal(() => SampleFile.ReadOnnx(_folder.FullName)).Should().StartWith($"{path}: ");

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1 << 20);
        _folder.Write("input_0.pb", [.. Enumerable.Repeat<byte[]>([1 << 3, 1], 65).SelectMany(axis => axis)]);
        Refusal(() => SampleFile.ReadOnnx(_folder.FullName)).Should().Contain("more than 64 axes");
    }

    [Fact]
    public void A_TensorProto_is_checked_without_its_values()
    {
        TensorProto tensor =
            new() { DataType = (int)TensorProto.Types.DataType.Float, Name = "x", RawData =
                UnsafeByteOperations.UnsafeWrap(new byte[1 << 24]) };
        tensor.Dims.Add([1, 1 << 22]);
        _folder.Write("input_0.pb", tensor.ToByteArray());
        using InferenceSession session = TinyModel.Open(TinyModel.Identity(shape: [-1, 784]));
        long before = GC.GetAllocatedBytesForCurrentThread();

        ModelSample sample = new SampleFolder(_folder.FullName).Single();
        Refusal(() => SampleBinder.Bind(sample, session.InputMetadata)).Should().Contain("input 'x' has shape [1, 4194304]");
        Refusal(() => new SampleFolder(_folder.FullName) { MaxSampleBytes = 1 << 20 }.ToList())
            .Should().Contain("asks for 16777216 bytes, more than the 1048576");

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1 << 20);
        sample.Inputs[0].Data.Length.Should().Be(1 << 24);
    }

    [Fact]
    public void Values_of_a_TensorProto_that_are_not_packed_are_read()
    {
        byte[] dims = [1 << 3, 3];
        byte[] type = [2 << 3, (byte)TensorProto.Types.DataType.Int32];
        byte[] values = [5 << 3, 7, 5 << 3, 0x80, 1, 5 << 3, 1];
        _folder.Write("input_0.pb", [.. dims, .. type, .. values]);

        MemoryMarshal.Cast<byte, int>(SampleFile.ReadOnnx(_folder.FullName)[0].Data).ToArray().Should().Equal(7, 128, 1);
    }

    [Theory]
    [InlineData("a.npy")]
    [InlineData("a.npz")]
    [InlineData("a/input_0.pb")]
    public void A_pipe_among_the_samples(string name)
    {
        Directory.CreateDirectory(_folder.PathTo("a"));
        string pipe = NamedPipe.Make(_folder.PathTo(name));

        FluentActions.Invoking(() => new SampleFolder(_folder.FullName).ToList()).Should().Throw<IOException>()
            .WithMessage($"{pipe}: a named pipe is no file to read from; copy the content into a regular file and name that.");
    }

    [Fact]
    public void A_pipe_and_a_device_as_labels()
    {
        string pipe = NamedPipe.Make(_folder.PathTo("labels.csv"));

        FluentActions.Invoking(() => LabelFile.Read(pipe)).Should().Throw<IOException>()
            .WithMessage($"{pipe}: a named pipe is no file to read from; *");
        FluentActions.Invoking(() => LabelFile.Read("/dev/zero")).Should().Throw<IOException>()
            .WithMessage("/dev/zero: a device is no file to read from; *");
    }

    [Fact]
    public void A_label_file_of_one_endless_line()
    {
        string labels = _folder.PathTo("labels.csv");
        using (FileStream file = File.Create(labels))
        {
            file.SetLength(1 << 28);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        Refusal(() => LabelFile.Read(labels))
            .Should().Be($"{labels}, line 1: the line is longer than 65536 characters; write one 'file name,class index' per line.");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(2 << 20);

        using (FileStream file = File.Create(labels))
        {
            file.SetLength((1 << 28) + 1);
        }

        Refusal(() => LabelFile.Read(labels)).Should().StartWith($"{labels}: the label file is larger than 268435456 bytes");
    }

    [Fact]
    public void A_line_as_long_as_a_label_may_be_is_read()
    {
        string name = new('a', 65534);

        LabelFile.Read(_folder.Write("labels.csv", $"{name},1\rb,2\r\nc,3")).Names.Should().Equal(name, "b", "c");
    }

    [Fact]
    public void A_sample_deleted_during_the_run()
    {
        string folder = Images();
        using IEnumerator<ModelSample> samples = new SampleFolder(folder).GetEnumerator();
        samples.MoveNext();
        ModelSample first = samples.Current;
        Directory.Delete(folder, recursive: true);

        Gone(() => samples.MoveNext(), Path.Combine(folder, "b.npy"));
        Gone(() => _ = first.Inputs[0].Data.Length, Path.Combine(folder, "a.npy"));
    }

    [Fact]
    public void A_folder_that_is_a_sample_deleted_during_the_run()
    {
        byte[] tensor = File.ReadAllBytes(SampleData.Path("raw_f4.pb"));
        _folder.Write("a/input_0.pb", tensor);
        _folder.Write("b/input_0.pb", tensor);
        using IEnumerator<ModelSample> samples = new SampleFolder(_folder.FullName).GetEnumerator();
        Directory.Delete(_folder.PathTo("a"), recursive: true);

        Gone(() => samples.MoveNext(), _folder.PathTo("a"));
    }

    [Fact]
    public void A_sample_changed_between_its_header_and_its_data()
    {
        string path = _folder.Write("a.npy", [.. SampleFiles.NpyHead("|u1", "(2, 3)"), .. new byte[6]]);
        SampleTensor tensor = SampleFile.ReadNpy(path).Single();
        File.WriteAllBytes(path, [.. SampleFiles.NpyHead("|u1", "(3, 2)"), .. new byte[6]]);

        Refusal(() => tensor.Data.Length)
            .Should().Be($"{path}: it changed during the run; leave the samples as they are until it has ended.");
    }

    [Fact]
    public void An_archive_or_a_TensorProto_changed_between_its_header_and_its_data()
    {
        string archive = SampleFiles.Archive(_folder.PathTo("a.npz"), ["x"]);
        SampleTensor array = SampleFile.ReadNpz(archive).Single();
        File.Delete(archive);
        SampleFiles.Archive(archive, ["y"]);
        string proto = _folder.Write("b/input_0.pb", File.ReadAllBytes(SampleData.Path("raw_f4.pb")));
        SampleTensor tensor = SampleFile.ReadOnnx(_folder.PathTo("b")).Single();
        File.Copy(SampleData.Path("raw_i8.pb"), proto, overwrite: true);

        Refusal(() => array.Data.Length).Should().StartWith($"{archive}: it changed during the run");
        Refusal(() => tensor.Data.Length).Should().StartWith($"{proto}: it changed during the run");
    }

    [Fact]
    public void Threads_that_ask_at_once_get_the_same_data()
    {
        SampleTensor tensor = SampleFile.ReadNpy(SampleData.Path("little_f4.npy")).Single();
        tensor.IsRead.Should().BeFalse();

        bool[] same = new bool[8];
        Parallel.For(0, same.Length, i =>
            same[i] = System.Runtime.CompilerServices.Unsafe.AreSame(ref MemoryMarshal.GetReference(tensor.Data),
                ref MemoryMarshal.GetReference(tensor.Data)));

        same.Should().AllBeEquivalentTo(true);
        tensor.IsRead.Should().BeTrue();
    }

    private string Images()
    {
        byte[] array = File.ReadAllBytes(SampleData.Path("little_f4.npy"));
        _folder.Write("images/a.npy", array);
        _folder.Write("images/b.npy", array);
        return _folder.PathTo("images");
    }

    private static void Gone(Action action, string path) => action.Should().Throw<FileNotFoundException>()
        .WithMessage($"{path}: the sample was deleted during the run; put it back, or start again without it.");

    private static string Refusal<T>(Func<T> action) => FluentActions.Invoking(action).Should().Throw<InvalidDataException>().Which.Message;
}
