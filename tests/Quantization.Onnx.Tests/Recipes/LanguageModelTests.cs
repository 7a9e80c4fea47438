using System.Text.Json;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Recipes;

/// <summary>
/// Language models as exporters write them: with a cache of keys and values, with weights beside the model, in a folder of ONNX Runtime
/// GenAI.
/// </summary>
public sealed class LanguageModelTests : IDisposable
{
    private const int Layers = 5, Heads = 4, HeadSize = 8;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Fewer_bits_cost_a_language_model_little_and_two_cost_it_all()
    {
        string path = SharedFolder.Models("stories260K", "model.onnx");
        double words = Stories.Perplexity(path);

        Perplexity(new WeightOnlyOptions { Bits = 8, BlockSize = 32 }).Should().BeInRange(0.995 * words, 1.005 * words);
        double four = Perplexity(new WeightOnlyOptions { Bits = 4 }),
            unsearched = Perplexity(new WeightOnlyOptions { Bits = 4, WeightCalibrator = new MaxCalibrator() });
        four.Should().BeInRange(1.08 * words, 1.125 * words).And.BeLessThan(unsearched);
        Perplexity(new WeightOnlyOptions { Bits = 4, Form = BlockForm.DequantizeLinear }).Should()
            .BeInRange(0.99 * four, 1.01 * four, "the forms hold the same codes");
        Perplexity(new WeightOnlyOptions { Bits = 2 }).Should().BeGreaterThan(20 * words);

        double Perplexity(WeightOnlyOptions options) =>
            Stories.Perplexity(WeightQuantizer.Quantize(path, _folder.PathTo("out.onnx"), options).OutputPath);
    }

    [Fact]
    public void A_folder_comes_out_whole_and_its_cache_works()
    {
        string source = SharedFolder.Models("stories260K", "genai"), output = _folder.PathTo("genai");

        PtqResult result = WeightQuantizer.QuantizeFolder(source, output, new WeightOnlyOptions { Bits = 4, AccuracyLevel = 0 });

        Directory.EnumerateFiles(output).Select(Path.GetFileName).Should()
            .BeEquivalentTo("model.onnx", "genai_config.json", "tokenizer.json", "tokenizer_config.json");
        File.ReadAllBytes(Path.Combine(output, "tokenizer.json")).Should().Equal(File.ReadAllBytes(Path.Combine(source, "tokenizer.json")));
        result.OutputPath.Should().Be(Path.Combine(output, "model.onnx"));
        result.QuantizedNodes.Should().HaveCount(37);
        using InferenceSession session = new(result.OutputPath);
        long[] tokens = [1, 403, 407, 261, 378];
        float[] whole = Run(session, tokens, null).Logits;
        (_, float[][] cache) = Run(session, tokens[..^1], null);
        float[] last = Run(session, tokens[^1..], (cache, tokens.Length - 1)).Logits;
        int words = whole.Length / tokens.Length;
        for (int i = 0; i < words; i++)
        {
            last[i].Should().BeApproximately(whole[whole.Length - words + i], 1e-3f, "the cache gives what the whole text gives");
        }
    }

    [Fact]
    public void A_folder_that_is_none_or_leads_elsewhere_is_refused()
    {
        string empty = Directory.CreateDirectory(_folder.PathTo("empty")).FullName,
            wrong = Directory.CreateDirectory(_folder.PathTo("wrong")).FullName,
            whole = Directory.CreateDirectory(_folder.PathTo("whole")).FullName;
        string config = Path.Combine(wrong, "genai_config.json");
        Refuses<FileNotFoundException>(empty, "out", $"{empty}: this folder has no genai_config.json*");
        foreach ((string content, string message) in ((string, string)[])[
            ("{", "*is no JSON*"),
            ("{}", "*there is no 'model'*"),
            (Config("../model.onnx"), "*model.decoder.filename is '../model.onnx'; the name of a file in the folder belongs there.")])
        {
            File.WriteAllText(config, content);
            Refuses<InvalidDataException>(wrong, "out", message);
        }

        File.WriteAllText(config, Config("model.onnx"));
        Refuses<FileNotFoundException>(wrong, "out", "*names the model 'model.onnx', which is not in the folder*");
        File.WriteAllText(Path.Combine(whole, "genai_config.json"), Config("model.onnx"));
        File.WriteAllText(Path.Combine(whole, "model.onnx"), "");
        Refuses<ArgumentException>(whole, "whole", "*is the folder of the float model*");
        Refuses<ArgumentException>(whole, "whole/inside", "*is in the folder*");
        Directory.Exists(_folder.PathTo("out")).Should().BeFalse();

        static string Config(string file) => JsonSerializer.Serialize(new { model = new { decoder = new { filename = file } } });

        void Refuses<T>(string folder, string output, string message)
            where T : Exception =>
            ((Action)(() => WeightQuantizer.QuantizeFolder(folder, _folder.PathTo(output)))).Should().Throw<T>().WithMessage(message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_model_with_GroupQueryAttention_keeps_its_types_and_its_cache(bool isHalf)
    {
        ModelProto model = GroupQueryModel.Make();
        if (isHalf)
        {
            GroupQueryModel.ToHalf(model);
        }

        File.WriteAllBytes(_folder.PathTo("model.onnx"), model.ToByteArray());

        PtqResult result = WeightQuantizer.Quantize(
            _folder.PathTo("model.onnx"), _folder.PathTo("out.onnx"),
            new WeightOnlyOptions { Bits = 8, BlockSize = 32, AccuracyLevel = isHalf ? 4 : 0 });

        ModelProto written = ModelFile.Load(result.OutputPath).Model;
        written.Graph.Node.Select(node => node.OpType).Should()
            .Equal(
                "GatherBlockQuantized", "MatMulNBits", "MatMulNBits", "MatMulNBits", "GroupQueryAttention", "MatMulNBits", "MatMulNBits");
        written.Graph.Output.Should().Equal(model.Graph.Output);
        written.Graph.Input.Should().Equal(model.Graph.Input);
        float[] expected = GroupQueryModel.Run(model, [3, 1, 2]), actual = GroupQueryModel.Run(written, [3, 1, 2]);
        double noise = Math.Sqrt(actual.Zip(expected, (a, b) => Math.Pow(a - b, 2)).Sum() / expected.Sum(each => (double)each * each));
        noise.Should().BeInRange(1e-4, 0.03);
    }

    [Fact]
    public void Weights_of_a_large_model_stay_in_their_file_and_come_out_the_same()
    {
        const int Width = 1536;
        float[] weights = RandomTensors.Normal(1, Width * Width, 0.2);
        ModelProto model = new ModelBuilder().Input("x", -1, Width).Constant("w", weights, Width, Width).Node("MatMul", ["x", "w"], "y")
            .Output("y", -1, Width).Model;
        File.WriteAllBytes(_folder.PathTo("inline.onnx"), model.ToByteArray());
        using (FileStream data = File.Create(_folder.PathTo("weights.data")))
        {
            File.WriteAllBytes(_folder.PathTo("external.onnx"), ModelStore.MoveTensors(model, "weights.data", data).ToByteArray());
        }

        PtqResult inline = WeightQuantizer.Quantize(
            _folder.PathTo("inline.onnx"), _folder.PathTo("inline.out.onnx"), new WeightOnlyOptions { Bits = 4 });
        PtqResult external = WeightQuantizer.Quantize(
            _folder.PathTo("external.onnx"), _folder.PathTo("external.out.onnx"), new WeightOnlyOptions { Bits = 4 });
        PtqResult fromMemory = WeightQuantizer.Quantize(
            OnnxModel.FromBytes(model.ToByteArray()), _folder.PathTo("memory.out.onnx"), new WeightOnlyOptions { Bits = 4 });

        File.ReadAllBytes(external.OutputPath).Should()
            .Equal(File.ReadAllBytes(inline.OutputPath)).And.Equal(File.ReadAllBytes(fromMemory.OutputPath));
        inline.OutputBytes.Should()
            .BeInRange(Width * Width * 5 / 8, Width * Width * 5 / 8 + Width * Width / 32
            + 1000, "codes of 4 bits, and for 32 of them a scale of 32 bits and a zero point of 4");
    }

    [Fact]
    public void A_weight_that_is_no_number_is_named_and_progress_tells_layers()
    {
        ModelBuilder model = new ModelBuilder().Input("x", -1, 32).Constant("v", RandomTensors.Normal(1, 1024), 32, 32)
            .Constant("w", [.. RandomTensors.Normal(2, 1023), float.NaN], 32, 32)
            .Node("MatMul", ["x", "v"], "a").Node("MatMul", ["a", "w"], "y").Output("y", -1, 32);
        string path = model.Save(_folder.PathTo("model.onnx")), output = _folder.PathTo("out.onnx");
        List<QuantizationProgress> seen = [];

        Action quantize = () =>
            WeightQuantizer.Quantize(path, output, new WeightOnlyOptions { Bits = 4 }, new SynchronousProgress(seen.Add));

        quantize.Should().Throw<OnnxModelException>().WithMessage("*'w'*'y-node'*");
        File.Exists(output).Should().BeFalse();
        seen.Where(each => each.Stage == QuantizationStage.Quantizing && each.Total == 2).Select(each => each.Completed).Should().Equal(1);
    }

    private static (float[] Logits, float[][] Cache) Run(InferenceSession session, long[] tokens, (float[][] Values, int Length)? past)
    {
        Dictionary<string, OrtValue> inputs = new() { ["input_ids"] = OrtValue.CreateTensorValueFromMemory(tokens, [1, tokens.Length]) };
        if (session.InputNames.Contains("attention_mask"))
        {
            long[] mask = [.. Enumerable.Repeat(1L, tokens.Length + (past?.Length ?? 0))];
            inputs["attention_mask"] = OrtValue.CreateTensorValueFromMemory(mask, [1, mask.Length]);
        }

        string[] caches = [.. Enumerable.Range(0, Layers).SelectMany(i => (string[])[$"{i}.key", $"{i}.value"])];
        for (int i = 0; i < caches.Length; i++)
        {
            inputs[$"past_key_values.{caches[i]}"] = OrtValue.CreateTensorValueFromMemory(
                past?.Values[i] ?? [], [1, Heads, past?.Length ?? 0, HeadSize]);
        }

        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(
            run, inputs, ["logits", .. caches.Select(cache => $"present.{cache}")]);
        return (outputs[0].GetTensorDataAsSpan<float>()
            .ToArray(), [.. outputs.Skip(1).Select(output => output.GetTensorDataAsSpan<float>().ToArray())]);
    }

    private sealed class SynchronousProgress(Action<QuantizationProgress> report) : IProgress<QuantizationProgress>
    {
        public void Report(QuantizationProgress value) => report(value);
    }
}
