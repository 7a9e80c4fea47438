using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Models;

/// <summary>Each bad model gets one line that names the file, the node where there is one, and the way out; nothing is written.</summary>
public sealed class BadModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string ModelPath => _folder.PathTo("model.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_missing_file() =>
        Refused<FileNotFoundException>($"{ModelPath}: there is no such model file.");

    [Fact]
    public void A_folder()
    {
        Directory.CreateDirectory(ModelPath);
        Refused<FileNotFoundException>($"{ModelPath}: this is a folder; name the model's file in it.");
    }

    [Fact]
    public void An_empty_file()
    {
        File.WriteAllBytes(ModelPath, []);
        Refused<OnnxModelException>($"{ModelPath}: the file is empty; export or download the model again.");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(133_741)]
    [InlineData(267_481)]
    public void A_truncated_file(int length)
    {
        File.WriteAllBytes(ModelPath, File.ReadAllBytes(FashionExample.ModelPath)[..length]);
        Refused<OnnxModelException>($"{ModelPath}: the file is truncated or not an ONNX model; export or download it again.");
    }

    [Fact]
    public void A_text_file()
    {
        File.WriteAllText(ModelPath, "This is not a model, whatever its name says.");
        Refused<OnnxModelException>($"{ModelPath}: the file is truncated or not an ONNX model; export or download it again.");
    }

    [Fact]
    public void A_protobuf_message_of_another_kind()
    {
        File.WriteAllBytes(ModelPath, new OperatorSetIdProto { Version = 3 }.ToByteArray());
        Refused<OnnxModelException>($"{ModelPath}: not an ONNX model: the file holds no graph.");
    }

    [Fact]
    public void A_model_without_operator_set()
    {
        ModelBuilder model = ModelBuilder.Linear();
        model.Model.OpsetImport.Clear();
        model.Save(ModelPath);
        Refused<OnnxModelException>(
            $"{ModelPath}: the model does not import ONNX's operator set, so its operators have no meaning; export it again.");
    }

    [Fact]
    public void A_cyclic_graph()
    {
        new ModelBuilder().Input("x", -1, 4).Output("y", -1, 4).Node("Add", ["x", "b"], "a").Node("Relu", ["a"], "b")
            .Node("Relu", ["b"], "y").Save(ModelPath);
        Refused<OnnxModelException>($"{ModelPath}: ONNX Runtime refuses the model: *");
    }

    [Fact]
    public void Two_tensors_of_one_name()
    {
        ModelBuilder.Linear().Constant("w", new float[12], 4, 3).Save(ModelPath);
        Refused<OnnxModelException>($"{ModelPath}: two tensors of the graph are called 'w'; the model is damaged, export it again.");
    }

    [Fact]
    public void Two_nodes_that_make_one_value()
    {
        ModelBuilder model = ModelBuilder.Linear().Node("Relu", ["x"], "y");
        model.Graph.Node[1].Name = "another";
        model.Save(ModelPath);
        Refused<OnnxModelException>($"{ModelPath}: ONNX Runtime refuses the model: *");
    }

    [Fact]
    public void A_length_that_lies()
    {
        byte[] model = ModelBuilder.Linear().Model.ToByteArray();
        int graph = Array.IndexOf(model, (byte)((7 << 3) | 2));
        model[graph + 1] = 0xFF;
        model[graph + 2] = 0x7F;
        File.WriteAllBytes(ModelPath, model);
        Refused<OnnxModelException>($"{ModelPath}: the file is truncated or not an ONNX model; export or download it again.");
    }

    [Theory]
    [InlineData(-4)]
    [InlineData(long.MaxValue)]
    public void A_shape_that_no_tensor_has(long length)
    {
        ModelBuilder model = ModelBuilder.Linear();
        model.Graph.Initializer[0].Dims[0] = length;
        model.Save(ModelPath);
        Refused<OnnxModelException>($"{ModelPath}: tensor 'w' holds more or fewer values than its shape [{length}, 3] says; *");
    }

    [Fact]
    public void An_unknown_operator()
    {
        new ModelBuilder().Input("x", -1, 4).Output("y", -1, 4).Node("Frobnicate", ["x"], "y").Save(ModelPath);
        Refused<OnnxModelException>(
            $"{ModelPath}: node 'y-node' (Frobnicate) uses an operator that ONNX Runtime does not know; register the library that brings "
                + "it in the session options, or export the model without it.")
            .Node.Should().Be("y-node");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_operator_of_an_unknown_domain(bool imported)
    {
        ModelBuilder model = new ModelBuilder().Input("x", -1, 4).Output("y", -1, 4).Node("Frobnicate", ["x"], "y");
        model.Graph.Node[0].Domain = "com.example";
        if (imported)
        {
            model.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.example", Version = 1 });
        }

        model.Save(ModelPath);
        Refused<OnnxModelException>(
            $"{ModelPath}: node 'y-node' (com.example.Frobnicate) uses an operator that ONNX Runtime does not know; register the library "
                + "that brings it in the session options, or export the model without it.");
    }

    [Fact]
    public void A_graph_that_reads_what_nobody_makes()
    {
        ModelBuilder model = ModelBuilder.Linear();
        model.Graph.Node[0].Input[0] = "nobody";
        model.Save(ModelPath);
        Refused<OnnxModelException>($"{ModelPath}: ONNX Runtime refuses the model: Invalid model. Node input 'nobody' is not a graph "
            + "input, initializer, or output of a previous node.");
    }

    [Fact]
    public void An_operator_set_of_the_future()
    {
        ModelBuilder model = ModelBuilder.Linear();
        model.Model.OpsetImport[0].Version = 999;
        model.Save(ModelPath);
        Refused<OnnxModelException>(
            $"{ModelPath}: ONNX Runtime refuses the model: ONNX Runtime only *guarantees* support*Opset 999 is under development*");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(44)]
    [InlineData(47)]
    public void A_tensor_whose_size_contradicts_its_shape(int length)
    {
        ModelBuilder model = ModelBuilder.Linear();
        model.Graph.Initializer[0].RawData = ByteString.CopyFrom(model.Graph.Initializer[0].RawData.Span[..length]);
        model.Save(ModelPath);
        Refused<OnnxModelException>(
            $"{ModelPath}: tensor 'w' holds more or fewer values than its shape [4, 3] says; the file is damaged, export the model again.");
    }

    [Theory]
    [InlineData(false, 11)]
    [InlineData(true, 11)]
    [InlineData(true, 13)]
    public void A_tensor_of_16_bits_whose_size_contradicts_its_shape(bool asIntegers, int values)
    {
        ModelBuilder model = ModelBuilder.Linear().ToHalf();
        TensorProto weight = model.Graph.Initializer[0];
        weight.RawData = ByteString.CopyFrom(new byte[asIntegers ? 0 : values * 2]);
        weight.Int32Data.Add(new int[asIntegers ? values : 0]);
        model.Save(ModelPath);
        Refused<OnnxModelException>(
            $"{ModelPath}: tensor 'w' holds more or fewer values than its shape [4, 3] says; the file is damaged, export the model again.");
    }

    [Fact]
    public void A_cyclic_graph_of_16_bits()
    {
        new ModelBuilder().Input("x", -1, 4).Output("y", -1, 4).Node("Add", ["x", "b"], "a").Node("Relu", ["a"], "b")
            .Node("Relu", ["b"], "y").ToHalf().Save(ModelPath);
        Refused<OnnxModelException>($"{ModelPath}: ONNX Runtime refuses the model: *");
    }

    [Fact]
    public void A_tensor_in_a_function_whose_size_contradicts_its_shape()
    {
        ModelBuilder model = ModelBuilder.Linear();
        TensorProto tensor = TensorData.Make<float>(TensorProto.Types.DataType.Float, [1, 2, 3], 4);
        tensor.Name = "inside";
        NodeProto constant = new()
        {
            OpType = "Constant",
            Output = { "c" },
            Attribute = { new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = tensor } }
        };
        model.Model.Functions.Add(new FunctionProto { Name = "f", Domain = "com.example", Node = { constant } });
        model.Save(ModelPath);
        Refused<OnnxModelException>($"{ModelPath}: tensor 'inside' holds more or fewer values than its shape [4] says; the file is "
            + "damaged, export the model again.");
    }

    [Fact]
    public void A_model_that_is_quantized_already()
    {
        string quantized = _folder.PathTo("model.onnx");
        PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, quantized);
        Refused<OnnxModelException>(
            $"{ModelPath}: the model is quantized already, as node * (QuantizeLinear) shows; give the float model.");
    }

    [Fact]
    public void An_old_operator_set_with_an_operator_that_has_no_equal()
    {
        ModelBuilder model = ModelBuilder.Linear();
        model.Model.OpsetImport[0].Version = 10;
        model.Graph.Node[0].Output[0] = "z";
        model.Graph.Node[0].Name = "z-node";
        model.Input("scales", 2).Node("Resize", ["z", "scales"], "y").Save(ModelPath);
        Refused<OnnxModelException>(
            $"{ModelPath}: node 'y-node' (Resize) cannot be brought to operator set 13, which quantization needs: whether it enlarges or "
                + "reduces is computed, and the rounding of coordinates depends on it; export the model with operator set 13 or later.")
            .Node.Should().Be("y-node");
    }

    [Fact]
    public void A_weight_that_is_not_finite()
    {
        ModelBuilder model = ModelBuilder.Linear();
        model.Graph.Initializer[0].RawData =
            TensorData.Make<float>(TensorProto.Types.DataType.Float, [1, 2, 3, 4, 5, 6, 7, 8, float.PositiveInfinity, 10, 11, 12]).RawData;
        model.Save(ModelPath);
        CalibrationOptions ignoring = new() { NonFinite = NonFiniteValues.Ignore };
        ModelCalibration calibration = ModelCalibrator.Calibrate(ModelPath, ModelBuilder.LinearSamples(), ignoring);

        FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(ModelPath, calibration, _folder.PathTo("out.onnx")))
            .Should().Throw<OnnxModelException>()
            .WithMessage($"{ModelPath}: weight 'w' of node 'y-node' (Gemm) holds NaN or infinity; repair the model, or leave the node in "
                + "float (PtqOptions.FloatNodes).");
        _folder.Entries.Should().Equal("model.onnx");
    }

    private T Refused<T>(string message)
        where T : Exception
    {
        string output = _folder.PathTo("out.onnx");
        string[] before = _folder.Entries;
        T thrown = FluentActions.Invoking(() => PostTrainingQuantizer.Quantize(ModelPath, ModelBuilder.LinearSamples(), output)).Should()
            .Throw<T>().WithMessage(message).Which;
        thrown.Message.Should().NotContain("\n");
        _folder.Entries.Should().Equal(before);
        return thrown;
    }
}
