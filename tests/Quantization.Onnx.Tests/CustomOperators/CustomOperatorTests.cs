using System.ComponentModel;
using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.CustomOperators;

/// <summary>A model with an operator that a library of the user's brings, by way of the session options.</summary>
public sealed class CustomOperatorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string ModelPath => _folder.PathTo("model.onnx");

    private string Output => _folder.PathTo("out.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_surrounds_the_operator_is_quantized()
    {
        string library = Compile();
        SessionOptions WithLibrary()
        {
            SessionOptions options = new();
            options.RegisterCustomOpLibrary(library);
            return options;
        }

        PtqResult result = PostTrainingQuantizer.Quantize(
            Make().Save(ModelPath),
            RandomTensors.Samples(16, GraphCases.ImageShape),
            Output,
            new PtqOptions { SessionOptionsFactory = WithLibrary });

        result.QuantizedNodes.Should().Equal("a-node", "y-node");
        result.Int8Operators.Should().Equal(new Dictionary<string, int> { ["QLinearConv"] = 2 });
        result.ConversionReasons.Should().Contain("to floats: read in float by 'n-node' (com.example.Negate)");
        Decibels.Sqnr(Run(ModelPath), Run(Output)).Should().BeGreaterThan(25);

        float[] Run(string path)
        {
            using SessionOptions options = WithLibrary();
            using InferenceSession session = new(path, options);
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(RandomTensors.Normal(1, 3 * 64), GraphCases.ImageShape);
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(
                run, new Dictionary<string, OrtValue> { ["x"] = input }, ["y"]);
            return outputs[0].GetTensorDataAsSpan<float>().ToArray();
        }
    }

    [Fact]
    public void Without_its_library_the_operator_is_named()
    {
        Make().Save(ModelPath);
        FluentActions.Invoking(
            () => PostTrainingQuantizer.Quantize(ModelPath, RandomTensors.Samples(1, GraphCases.ImageShape), Output)).Should()
            .Throw<OnnxModelException>()
            .WithMessage($"{ModelPath}: node 'n-node' (com.example.Negate) uses an operator that ONNX Runtime does not know; register the "
                + "library that brings it in the session options, or export the model without it.");
        File.Exists(Output).Should().BeFalse();
    }

    private static ModelBuilder Make()
    {
        ModelBuilder model = GraphCases.Image().Conv("x", "a", 3, 4).Node("Negate", ["a"], "n").Conv("n", "y", 4, 4)
            .Output("y", 1, 4, 8, 8);
        model.Graph.Node[1].Domain = "com.example";
        model.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.example", Version = 1 });
        return model;
    }

    private string Compile()
    {
        string sources = Path.Combine(AppContext.BaseDirectory, "CustomOperators"), library = _folder.PathTo("negate.so");
        ProcessStartInfo start = new("gcc", ["-shared", "-fPIC", "-O1", "-I", sources, "-o", library, Path.Combine(sources, "negate.c")])
        {
            RedirectStandardError = true
        };
        try
        {
            using Process compiler = Process.Start(start)!;
            string errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            compiler.ExitCode.Should().Be(0, errors);
        }
        catch (Win32Exception)
        {
            Prerequisite.Require(false, "the C compiler gcc is missing: apt-get install gcc");
        }

        return library;
    }
}
