using System.Globalization;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests;

/// <summary>Models that name data which is not theirs, has no end, or is not there.</summary>
public sealed class HostileExternalDataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_link_to_a_folder_that_leaves_the_models_folder()
    {
        using TemporaryFolder elsewhere = new();
        elsewhere.Write("s.bin", new byte[64]);
        Directory.CreateSymbolicLink(_folder.PathTo("ldir"), elsewhere.FullName);

        Refused(Save("ldir/s.bin", null, null), "tensor 'w' is said to lie in 'ldir/s.bin', outside of the model's folder, which is not "
            + "allowed; put the file beside the model and name it so.");
    }

    [Fact]
    public void The_same_in_the_file_that_showed_it()
    {
        using TemporaryFolder elsewhere = new();
        elsewhere.Write("s.bin", new byte[64]);
        Directory.CreateSymbolicLink(_folder.PathTo("ldir"), elsewhere.FullName);

        Refused(Copy("e_ldir.onnx"), "tensor * is said to lie in 'ldir/s.bin', outside of the model's folder, *");
    }

    [Fact]
    public void A_link_inside_of_a_linked_folder()
    {
        using TemporaryFolder elsewhere = new();
        elsewhere.Write("s.bin", new byte[64]);
        Directory.CreateDirectory(_folder.PathTo("inner"));
        File.CreateSymbolicLink(_folder.PathTo("inner/s.bin"), Path.Combine("..", "up", "s.bin"));
        Directory.CreateSymbolicLink(_folder.PathTo("up"), elsewhere.FullName);

        Refused(Save("inner/s.bin", null, null), "tensor 'w' is said to lie in 'inner/s.bin', outside of the model's folder, *");
    }

    [Fact]
    public void Links_that_lead_to_each_other()
    {
        File.CreateSymbolicLink(_folder.PathTo("a"), "b");
        File.CreateSymbolicLink(_folder.PathTo("b"), "a");

        Refused(Save("a", null, null), "tensor 'w' cannot be read: *more than 40 links lead to each other; *");
    }

    [Fact]
    public void A_model_in_a_linked_folder_is_read()
    {
        using TemporaryFolder elsewhere = new();
        string folder = Directory.CreateDirectory(elsewhere.PathTo("models/inner")).FullName;
        File.WriteAllBytes(Path.Combine(folder, "s.bin"), Weights());
        File.CreateSymbolicLink(Path.Combine(folder, "link.bin"), "s.bin");
        File.Copy(Save("link.bin", 0, 48), Path.Combine(folder, "model.onnx"));
        Directory.CreateSymbolicLink(_folder.PathTo("linked"), elsewhere.PathTo("models"));

        ModelFile file = ModelFile.Load(_folder.PathTo("linked/inner/model.onnx"));

        file.Model.Graph.Initializer[0].RawData.ToByteArray().Should().Equal(Weights());
    }

    [Fact(Timeout = 30_000)]
    public async Task A_pipe()
    {
        NamedPipe.Make(_folder.PathTo("fifo"));
        string own = Save("fifo", null, null), given = Copy("e_fifo.onnx");

        await Task.Run(
            () =>
            {
                Refused(own, "tensor 'w' is said to lie in 'fifo', which is a named pipe, and data is read only from regular files; put "
                    + "the file with the data there.");
                Refused(given, "tensor * is said to lie in 'fifo', which is a named pipe, *");
            },
            TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_folder()
    {
        Directory.CreateDirectory(_folder.PathTo("inner"));

        Refused(Save("inner", null, null), "tensor 'w' is said to lie in 'inner', which is a folder, and data is read only from regular "
            + "files; *");
    }

    [Theory]
    [InlineData("a\0b", @"a\u0000b")]
    [InlineData("a\nb", @"a\nb")]
    [InlineData("\u001B[31m", @"\u001b[31m")]
    public void Control_characters_in_the_name(string location, string shown) =>
        Refused(Save(location, null, null), $"tensor 'w' is said to lie in '{shown}', a name with control characters; name the file "
            + "without them and export the model again.");

    [Fact]
    public void The_NUL_in_the_file_that_showed_it() =>
        Refused(Copy("e_nul.onnx"), @"tensor * is said to lie in '*\u0000*', a name with control characters; *");

    [Theory]
    [InlineData("-1", "48", "tensor 'w' has '-1' as the offset of its bytes in another file, which is no number of bytes; *")]
    [InlineData("9223372036854775808", "48", "tensor 'w' has '9223372036854775808' as the offset *")]
    [InlineData("18446744073709551568", "48", "tensor 'w' has '18446744073709551568' as the offset *")]
    [InlineData("0", "-48", "tensor 'w' has '-48' as the length *")]
    [InlineData("0", "9223372036854775808", "tensor 'w' has '9223372036854775808' as the length *")]
    [InlineData("0", "0x30", "tensor 'w' has '0x30' as the length *")]
    [InlineData("0", "4\u001B8", @"tensor 'w' has '4\u001b8' as the length *")]
    [InlineData("9223372036854775807", "9223372036854775807", "tensor 'w' should be 9223372036854775807 bytes from 9223372036854775807 on "
        + "in *s.bin, which has only 48; *")]
    [InlineData("49", "0", "tensor 'w' should be 0 bytes from 49 on in *s.bin, which has only 48; *")]
    [InlineData("1", "48", "tensor 'w' should be 48 bytes from 1 on in *s.bin, which has only 48; *")]
    [InlineData("1", null, "tensor 'w' should be 48 bytes from 1 on in *s.bin, which has only 48; *")]
    [InlineData("0", "47", "tensor 'w' holds more or fewer values than its shape [4, 3] says; its 47 bytes in *s.bin should be 48: *")]
    public void Offsets_and_lengths_that_lie(string offset, string? length, string message)
    {
        _folder.Write("s.bin", Weights());

        Refused(Save("s.bin", offset, length), message);
    }

    [Fact]
    public void A_length_that_the_file_has_and_the_shape_has_not_is_refused_before_it_is_read()
    {
        string path = Save("s.bin", "0", "4000000000");
        Sparse("s.bin", 4_000_000_000);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Refused(path, "tensor 'w' holds more or fewer values than its shape [4, 3] says; its 4000000000 bytes in *s.bin should be 48: *");

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(4 << 20);
    }

    [Fact]
    public void A_shape_that_the_file_does_not_hold_is_refused_before_it_is_read()
    {
        _folder.Write("s.bin", Weights());
        string path = Save("s.bin", "0", null, tensor => tensor.Dims[0] = 1L << 40);

        Refused(path, "tensor 'w' should be 13194139533312 bytes from 0 on in *s.bin, which has only 48; *");
    }

    [Fact]
    public void A_length_that_is_left_out_is_the_shapes()
    {
        _folder.Write("s.bin", [.. Weights(), 1, 2, 3]);

        ModelFile.Load(Save("s.bin", "0", null)).Model.Graph.Initializer[0].RawData.ToByteArray().Should().Equal(Weights());
    }

    [Fact]
    public void Elements_of_less_than_a_byte_are_packed()
    {
        const int Uint4 = 21;
        _folder.Write("s.bin", [0x21, 0x03]);
        ModelBuilder model = new ModelBuilder().Input("x", 4).Output("y", 4).Node("Relu", ["x"], "y");
        TensorProto tensor = new() { Name = "w", DataType = Uint4, Dims = { 3 } };
        model.Graph.Initializer.Add(tensor);
        Refer(tensor, "s.bin", "0", "2");

        ModelFile.Load(model.Save(_folder.PathTo("model.onnx"))).Model.Graph.Initializer[0].RawData.ToByteArray()
            .Should().Equal(0x21, 0x03);
    }

    [Fact]
    public void Tensors_of_the_same_place_are_read_and_kept_once()
    {
        _folder.Write("s.bin", Weights());
        File.CreateSymbolicLink(_folder.PathTo("other.bin"), "s.bin");

        ModelFile file = ModelFile.Load(SaveSeveral(("s.bin", 0), ("s.bin", 0), ("other.bin", 0)));

        file.Bytes.Should().Be(new FileInfo(file.Path).Length + 48);
        file.Model.Graph.Initializer.Should().HaveCount(3)
            .And.AllSatisfy(tensor => tensor.RawData.Should().BeSameAs(file.Model.Graph.Initializer[0].RawData));
    }

    [Fact]
    public void Tensors_beside_each_other_are_read()
    {
        _folder.Write("s.bin", [.. Weights(), .. new byte[48]]);

        ModelFile file = ModelFile.Load(SaveSeveral(("s.bin", 48), ("s.bin", 0)));

        file.Model.Graph.Initializer[1].RawData.ToByteArray().Should().Equal(Weights());
        file.Model.Graph.Initializer[0].RawData.ToByteArray().Should().Equal(new byte[48]);
    }

    [Theory]
    [InlineData("s.bin")]
    [InlineData("link.bin")]
    public void Tensors_that_share_a_part_of_their_bytes(string second)
    {
        _folder.Write("s.bin", new byte[96]);
        File.CreateSymbolicLink(_folder.PathTo("link.bin"), "s.bin");

        Refused(SaveSeveral(("s.bin", 0), (second, 47)), "tensor 'w1' lies in bytes 47 to 95 of *s.bin, which overlap those of tensor "
            + "'w0', 0 to 48; export the model again.");
    }

    [Fact]
    public void Many_tensors_that_share_a_gigabyte()
    {
        Sparse("s.bin", 1 << 30);
        ModelBuilder model = new ModelBuilder().Input("x", 4).Output("y", 4).Node("Relu", ["x"], "y");
        for (int i = 0; i < 3; i++)
        {
            TensorProto tensor = new() { Name = $"w{i}", DataType = (int)TensorProto.Types.DataType.Float, Dims = { 1 << 28 } };
            Refer(tensor, "s.bin", "0", null);
            model.Graph.Initializer.Add(tensor);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        Refused(model.Save(_folder.PathTo("model.onnx")), "tensor 'w2' and others share bytes of other tensors: 1073741824 bytes of data "
            + "stand for 3221225472, which is not accepted; export the model again.");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(4 << 20);
    }

    [Fact]
    public void A_tensor_outside_of_the_folder_is_found_in_every_place_that_holds_tensors()
    {
        TensorProto Outside() => Refer(new TensorProto { Name = "hidden", DataType = 1, Dims = { 1 } }, "../secret", null, null);
        NodeProto Holder(AttributeProto attribute) => new() { OpType = "Constant", Output = { "c" }, Attribute = { attribute } };
        SparseTensorProto sparse = new() { Values = new TensorProto { DataType = 1, Dims = { 0 } }, Indices = Outside() };
        Action<ModelProto>[] places =
        [
            model => model.Graph.Initializer.Add(Outside()),
            model => model.Graph.SparseInitializer.Add(sparse),
            model => model.Graph.Node.Add(Holder(new AttributeProto { Name = "value", T = Outside() })),
            model => model.Graph.Node.Add(Holder(new AttributeProto { Name = "value", Tensors = { Outside() } })),
            model => model.Graph.Node.Add(Holder(new AttributeProto { Name = "value", SparseTensor = sparse })),
            model => model.Graph.Node.Add(Holder(new AttributeProto { Name = "value", SparseTensors = { sparse } })),
            model => model.Graph.Node.Add(Holder(new AttributeProto { Name = "body", G = new GraphProto { Initializer = { Outside() } } })),
            model => model.Functions.Add(
                new FunctionProto { Name = "f", Node = { Holder(new AttributeProto { Name = "value", T = Outside() }) } }),
            model => model.Functions.Add(
                new FunctionProto { Name = "f", AttributeProto = { new AttributeProto { Name = "value", T = Outside() } } }),
            model => model.Functions.Add(
                new FunctionProto { Name = "f", AttributeProto =
                    { new AttributeProto { Name = "body", G = new GraphProto { Initializer = { Outside() } } } } }),
        ];
        foreach (Action<ModelProto> hide in places)
        {
            ModelBuilder model = ModelBuilder.Linear();
            hide(model.Model);

            Refused(model.Save(_folder.PathTo("model.onnx")), "tensor 'hidden' is said to lie in '../secret', outside of the model's "
                + "folder, *");
        }
    }

    private static byte[] Weights() => [.. Enumerable.Range(1, 48).Select(i => (byte)i)];

    private static TensorProto Refer(TensorProto tensor, string location, string? offset, string? length)
    {
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        foreach ((string key, string? value) in (IEnumerable<(string, string?)>)[("location", location), ("offset", offset),
            ("length", length)])
        {
            if (value is not null)
            {
                tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
            }
        }

        return tensor;
    }

    private string Save(string location, int offset, int length) =>
        Save(location, offset.ToString(CultureInfo.InvariantCulture), length.ToString(CultureInfo.InvariantCulture));

    private string Save(string location, string? offset, string? length, Action<TensorProto>? change = null)
    {
        ModelBuilder model = ModelBuilder.Linear();
        TensorProto tensor = model.Graph.Initializer[0];
        tensor.ClearRawData();
        Refer(tensor, location, offset, length);
        change?.Invoke(tensor);
        return model.Save(_folder.PathTo("model.onnx"));
    }

    private string SaveSeveral(params (string Location, int Offset)[] places)
    {
        ModelBuilder model = new ModelBuilder().Input("x", 4).Output("y", 4).Node("Relu", ["x"], "y");
        foreach ((string location, int offset) in places)
        {
            TensorProto tensor =
                new() { Name = $"w{model.Graph.Initializer.Count}", DataType = (int)TensorProto.Types.DataType.Float, Dims = { 4, 3 } };
            model.Graph.Initializer.Add(Refer(tensor, location, offset.ToString(CultureInfo.InvariantCulture), "48"));
        }

        return model.Save(_folder.PathTo("several.onnx"));
    }

    private string Copy(string name)
    {
        string path = _folder.PathTo(name);
        File.Copy(SharedFolder.Hostile(name), path);
        return path;
    }

    /// <summary>A long file that takes no room on the disk.</summary>
    private void Sparse(string name, long length)
    {
        using FileStream file = File.Create(_folder.PathTo(name));
        file.SetLength(length);
    }

    private static void Refused(string path, string message)
    {
        string text = FluentActions.Invoking(() => ModelFile.Load(path)).Should().Throw<OnnxModelException>()
            .WithMessage($"{path}: {message}").Which.Message;
        text.Any(char.IsControl).Should().BeFalse("the message is one line of plain text");
    }
}
