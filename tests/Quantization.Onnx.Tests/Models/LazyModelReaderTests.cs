using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Models;

/// <summary>Models whose large tensors stay in the file. Google.Protobuf, which reads the whole file, is the judge.</summary>
public sealed class LazyModelReaderTests : IDisposable
{
    /// <summary>No model is small enough to be read as a whole.</summary>
    private const long Nothing = 0;

    private const int Side = 160;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Large_tensors_anywhere_in_a_model_stay_in_the_file_and_are_the_same()
    {
        string path = _folder.Write("model.onnx", Everywhere().ToByteArray());

        ModelProto lazy = ModelMessage.Read(path, largestInMemory: Nothing).Model;
        List<TensorProto> large = [.. lazy.AllTensors().Where(tensor => tensor.RawData.Length >= TensorBytes.Smallest)];

        large.Should().HaveCount(6).And.OnlyContain(tensor => TensorBytes.AreInFile(tensor.RawData));
        lazy.Should().Be(ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)));
        lazy.ToByteArray().Should().Equal(File.ReadAllBytes(path));
    }

    [Fact]
    public void A_model_below_the_limit_is_in_memory_and_needs_its_file_no_more()
    {
        string path = _folder.Write("model.onnx", Everywhere().ToByteArray());

        ModelProto model = ModelMessage.Read(path).Model;
        File.Delete(path);

        model.AllTensors().Should().NotContain(tensor => TensorBytes.AreInFile(tensor.RawData));
        model.Should().Be(Everywhere());
    }

    [Fact]
    public void Packed_floats_are_read_as_the_raw_data_that_they_are()
    {
        float[] values = RandomTensors.Normal(1, Side * Side);
        ModelProto model = new ModelBuilder().Input("x", 1, Side).Output("y", 1, Side).Node("MatMul", ["x", "w"], "y").Model;
        TensorProto weights = new() { Name = "w", Dims = { Side, Side }, DataType = 1, FloatData = { values } };
        model.Graph.Initializer.Add(weights);
        string path = _folder.Write("model.onnx", model.ToByteArray());

        TensorProto lazy = ModelMessage.Read(path, largestInMemory: Nothing).Model.Graph.Initializer.Single();

        TensorBytes.AreInFile(lazy.RawData).Should().BeTrue();
        lazy.FloatData.Should().BeEmpty();
        lazy.ReadFloats().Should().Equal(values);
    }

    [Fact]
    public void Floats_beside_raw_data_stay_what_they_are()
    {
        ModelProto model = new() { Graph = new GraphProto { Initializer = { MakeWeight("w", 1) } } };
        model.Graph.Initializer[0].FloatData.Add(new float[Side * Side]);
        string path = _folder.Write("model.onnx", model.ToByteArray());

        ModelMessage.Read(path, largestInMemory: Nothing).Model.Should().Be(model);
    }

    [Fact]
    public void The_fingerprint_and_sizes_are_those_of_a_model_in_memory()
    {
        string inline = _folder.Write("inline.onnx", Everywhere().ToByteArray());
        string split = SaveSplit(Everywhere());
        foreach (string path in (string[])[inline, split])
        {
            ModelFile expected = ModelFile.Load(path), actual = ModelFile.Load(path, Nothing);

            actual.Fingerprint.Should().Be(expected.Fingerprint);
            (actual.Bytes, actual.MessageBytes, actual.IsSplit).Should().Be((expected.Bytes, expected.MessageBytes, expected.IsSplit));
            actual.Model.Graph.Initializer.Should().Contain(tensor => TensorBytes.AreInFile(tensor.RawData));
            actual.Model.Should().Be(expected.Model);
        }
    }

    [Fact]
    public void A_damaged_file_gives_the_same_error_or_the_same_model()
    {
        byte[] whole = Everywhere().ToByteArray(), zeroed = Everywhere(isZero: true).ToByteArray();
        int[] structure = [.. Enumerable.Range(0, whole.Length).Where(i => zeroed[i] != 0)]; // not the values of large tensors
        Random random = new(1);
        int models = 0;
        for (int i = 0; i < 400; i++)
        {
            byte[] damaged = [.. whole];
            for (int k = i % 3; k >= 0; k--)
            {
                damaged[structure[random.Next(structure.Length)]] = (byte)random.Next(256);
            }

            damaged = i % 4 == 0 ? damaged[..random.Next(1, damaged.Length)] : damaged;
            string path = _folder.Write("damaged.onnx", damaged);

            string expected = Outcome(path, ModelStore.LargestInMemory);
            Outcome(path, Nothing).Should().Be(expected, "of damage {0}", i);
            models += expected.StartsWith(path, StringComparison.Ordinal) ? 0 : 1;
        }

        models.Should().BeInRange(20, 380, "both kinds of outcome are compared");
    }

    [Fact]
    public void A_file_that_was_deleted_or_replaced_goes_on_to_be_read()
    {
        string path = _folder.Write("model.onnx", Everywhere().ToByteArray()), other = _folder.Write("other.onnx", new byte[100]);
        ModelProto model = ModelFile.Load(path, Nothing).Model;

        File.Move(other, path, overwrite: true);

        model.Should().Be(Everywhere());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_that_was_written_to_since_is_refused(bool truncates)
    {
        string path = _folder.Write("model.onnx", Everywhere().ToByteArray());
        ModelProto model = ModelFile.Load(path, Nothing).Model;

        using (FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(truncates ? 1000 : file.Length);
            file.WriteByte(8);
        }

        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(1)); // two writes may fall into one tick of the file system's clock
        FluentActions.Invoking(() => model.Graph.Initializer[0].ReadFloats()).Should().Throw<OnnxModelException>()
            .WithMessage($"{path}: {path} changed while the model was in use; leave the file as it is until the run has ended.");
    }

    [Fact]
    public void Threads_that_look_at_a_tensor_at_once_see_the_same()
    {
        string path = _folder.Write("model.onnx", Everywhere().ToByteArray());
        TensorProto tensor = ModelFile.Load(path, Nothing).Model.Graph.Initializer[0];
        float[] expected = MakeWeight("w", 'w').ReadFloats();

        Parallel.For(0, 64, _ => tensor.ViewFloats().SequenceEqual(expected).Should().BeTrue());
    }

    /// <summary>The model or the error that a file gives.</summary>
    private static string Outcome(string path, long largestInMemory)
    {
        try
        {
            ModelFile file = ModelFile.Load(path, largestInMemory);
            foreach (TensorProto tensor in file.Model.AllTensors().Where(tensor => tensor.FloatData.Count > 0 && !tensor.HasRawData))
            {
                // The two forms of floats: damage can turn one into the other.
                tensor.RawData = TensorData.Make<float>(TensorProto.Types.DataType.Float, [.. tensor.FloatData]).RawData;
                tensor.FloatData.Clear();
            }

            return $"{file.Fingerprint} {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file.Model.ToByteArray()))}";
        }
        catch (OnnxModelException e)
        {
            return e.Message;
        }
    }

    /// <summary>
    /// Large tensors as initializers, in nodes, in the graphs of nodes, in functions and as parts of sparse ones, between small fields
    /// of all kinds.
    /// </summary>
    private static ModelProto Everywhere(bool isZero = false)
    {
        ModelProto model = new ModelBuilder().Input("x", 1, Side).Output("y", 1, Side).Node("MatMul", ["x", "w"], "y").Model;
        model.ProducerName = "test";
        model.Graph.Initializer.Add(Make("w"));
        ByteString few = ByteString.CopyFrom(1, 2, 3, 4);
        model.Graph.Initializer.Add(new TensorProto { Name = "small", Dims = { 1 }, DataType = 1, RawData = few });
        model.Graph.Initializer.Add(Make("v"));
        model.Graph.Node.Add(Constant("c"));
        GraphProto branch = new() { Name = "branch", Initializer = { Make("inner") }, Output = { new ValueInfoProto { Name = "z" } } };
        branch.Node.Add(new NodeProto { OpType = "Identity", Input = { "inner" }, Output = { "z" } });
        AttributeProto attribute = new() { Name = "then_branch", Type = AttributeProto.Types.AttributeType.Graph, G = branch };
        model.Graph.Node.Add(new NodeProto { OpType = "If", Input = { "x" }, Output = { "z" }, Attribute = { attribute } });
        TensorProto indices = new() { Name = "indices", DataType = 7, Dims = { 0 } };
        model.Graph.SparseInitializer.Add(new SparseTensorProto { Values = Make("sparse"), Indices = indices });
        model.Functions.Add(new FunctionProto { Name = "f", Domain = "d", Node = { Constant("k") } });
        return model;

        TensorProto Make(string name) => MakeWeight(name, isZero ? 0 : name[0]);

        NodeProto Constant(string name) => new()
        {
            OpType = "Constant",
            Output = { name },
            Attribute = { new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = Make(name) } },
        };
    }

    private static TensorProto MakeWeight(string name, int seed)
    {
        float[] values = seed == 0 ? new float[Side * Side] : RandomTensors.Normal(seed, Side * Side);
        TensorProto tensor = TensorData.Make<float>(TensorProto.Types.DataType.Float, values, Side, Side);
        tensor.Name = name;
        return tensor;
    }

    private string SaveSplit(ModelProto model)
    {
        using FileStream data = File.Create(_folder.PathTo("split.data"));
        return _folder.Write("split.onnx", ModelStore.MoveTensors(model, "split.data", data).ToByteArray());
    }
}
