using System.Text;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Models;

/// <summary>What a model says beyond the schema is kept.</summary>
public sealed class RoundTripTests : IDisposable
{
    private const int TrainingInfo = 20;
    private const int QuantizationAnnotation = 14;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Reading_and_writing_changes_no_byte()
    {
        byte[] bytes = File.ReadAllBytes(FashionExample.ModelPath);
        ModelProto.Parser.ParseFrom(bytes).ToByteArray().Should().HaveCount(bytes.Length);
        ModelProto.Parser.ParseFrom(ModelProto.Parser.ParseFrom(bytes).ToByteArray()).Should().Be(ModelProto.Parser.ParseFrom(bytes));
    }

    [Fact]
    public void Unknown_fields_survive_reading_and_writing()
    {
        NodeProto node = WithUnknown(new NodeProto { OpType = "Relu" }, NodeProto.Parser, 6, "of the node");
        TensorProto tensor = WithUnknown(new TensorProto { Name = "t" }, TensorProto.Parser, 12, "of the tensor");
        ModelProto model = new() { Graph = new GraphProto() };
        model.Graph.Node.Add(node);
        model.Graph.Initializer.Add(tensor);
        model = WithUnknown(model, ModelProto.Parser, TrainingInfo, "of the model");

        string written = Encoding.Latin1.GetString(model.ToByteArray());

        written.Should().ContainAll("of the node", "of the tensor", "of the model");
        ModelProto.Parser.ParseFrom(model.ToByteArray()).Should().Be(model);
    }

    [Fact]
    public void Quantizing_keeps_metadata_unknown_fields_and_operator_sets()
    {
        ModelBuilder builder = ModelBuilder.Linear();
        ModelProto model = builder.Model;
        model.ProducerName = "a trainer";
        model.ProducerVersion = "4.2";
        model.Domain = "com.example";
        model.ModelVersion = 17;
        model.DocString = "Documented.";
        model.Graph.DocString = "The graph, too.";
        model.MetadataProps.Add(new StringStringEntryProto { Key = "labels", Value = "[\"shirt\", \"coat\"]" });
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.example", Version = 2 });
        model.Graph = WithUnknown(model.Graph, GraphProto.Parser, QuantizationAnnotation, "");
        model = WithUnknown(model, ModelProto.Parser, TrainingInfo, "");
        string path = _folder.PathTo("model.onnx");
        File.WriteAllBytes(path, model.ToByteArray());

        PostTrainingQuantizer.Quantize(path, ModelBuilder.LinearSamples(), _folder.PathTo("out.onnx"));

        ModelProto written = ModelFile.Load(_folder.PathTo("out.onnx")).Model;
        ModelProto head = written.Clone();
        ModelProto expected = model.Clone();
        foreach (GraphProto graph in new[] { head.Graph, expected.Graph })
        {
            graph.Node.Clear();
            graph.Initializer.Clear();
        }

        head.Should().Be(expected);
    }

    [Fact]
    public void Inputs_outputs_and_node_names_stay()
    {
        PostTrainingQuantizer.Quantize(FashionExample.ModelPath, FashionExample.Calibration, _folder.PathTo("out.onnx"));

        GraphProto before = ModelFile.Load(FashionExample.ModelPath).Model.Graph;
        GraphProto after = ModelFile.Load(_folder.PathTo("out.onnx")).Model.Graph;
        after.Input.Should().Equal(before.Input);
        after.Output.Should().Equal(before.Output);
        after.Node.Select(node => node.Name).Where(name => name.Length > 0)
            .Should().Equal(before.Node.Where(node => node.OpType != "BatchNormalization").Select(node => node.Name));
    }

    private static T WithUnknown<T>(T message, MessageParser<T> parser, int field, string content)
        where T : IMessage<T>
    {
        using MemoryStream stream = new();
        using (CodedOutputStream output = new(stream, leaveOpen: true))
        {
            message.WriteTo(output);
            output.WriteTag(field, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFromUtf8(content));
        }

        return parser.ParseFrom(stream.ToArray());
    }
}
