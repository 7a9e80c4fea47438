using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Quantization.Fuzz.Campaigns;
using Quantization.Fuzz.Recipes;
using Quantization.Onnx;
using Quantization.Onnx.Protos;

namespace Quantization.Fuzz.Graphs;

/// <summary>
/// Valid models: every recipe takes them, what it writes loads, keeps inputs, outputs and metadata, and computes nearly the same.
/// </summary>
internal static class GraphCases
{
    /// <summary>Outputs of fewer values tell too little of noise.</summary>
    private const int FewestValues = 8;

    /// <summary>
    /// Values between inputs and outputs are rounded too, so noise may be so many times that of changed inputs and weights.
    /// </summary>
    private const double MostGain = 30;

    /// <summary>How often weights and inputs are changed.</summary>
    private const int Changes = 8;

    /// <summary>Runs the case of a seed.</summary>
    public static string Run(int seed, CaseFolder folder)
    {
        RandomGraph graph = RandomGraph.Make(seed);
        string path = folder.Write("model.onnx", graph.Model.ToByteArray());
        FuzzedRecipe recipe = FuzzedRecipe.All[seed % FuzzedRecipe.All.Count];
        using InferenceSession model = WrittenModel.Load(path);
        float[][][] expected = [.. graph.Samples.Select(sample => Outputs(model, sample))];
        if (expected.SelectMany(outputs => outputs).SelectMany(values => values).Any(value => !float.IsFinite(value)))
        {
            return "not finite";
        }

        try
        {
            recipe.Run(path, graph.Samples, folder["out.onnx"], folder.Probe);
        }
        catch (OnnxModelException e)
            when (e.Message.Contains("nothing", StringComparison.Ordinal) || e.Message.Contains("no ", StringComparison.Ordinal))
        {
            folder.CheckAndRemove();
            return $"{recipe.Name}: nothing to quantize";
        }

        if (!File.Exists(folder["out.onnx"]))
        {
            folder.CheckAndRemove();
            return $"{recipe.Name}: done";
        }

        using InferenceSession written = WrittenModel.Load(folder["out.onnx"]);
        Check(model, written);
        (double noise, int output) = Noise(expected, [.. graph.Samples.Select(sample => Outputs(written, sample))]);
        folder.CheckAndRemove("out.onnx");
        if (noise <= recipe.MostNoise)
        {
            return $"{recipe.Name}: {(noise == 0 ? "equal" : "near")}";
        }

        return noise <= MostGain * Sensitivity(graph, recipe, expected, folder) ? $"{recipe.Name}: as sensitive as the model"
            : throw new FindingException(
                $"{recipe.Name}: the noise is {noise:0.000} of the signal of '{model.OutputNames[output]}' in {graph.Describe()}");
    }

    /// <summary>
    /// The noise where each weight and each input is changed by chance, by as much as rounding may change it: how much noise the model
    /// makes of little.
    /// </summary>
    private static double Sensitivity(RandomGraph graph, FuzzedRecipe recipe, float[][][] expected, CaseFolder folder)
    {
        double most = 0;
        for (int i = 0; i < Changes; i++)
        {
            most = Math.Max(most, NoiseOfChange(graph, recipe, expected, folder, new Random(i)));
        }

        return most;
    }

    private static double NoiseOfChange(RandomGraph graph, FuzzedRecipe recipe, float[][][] expected, CaseFolder folder, Random random)
    {
        ModelProto changed = graph.Model.Clone();
        foreach (TensorProto tensor
            in changed.Graph.Initializer.Where(tensor => tensor.DataType == (int)TensorProto.Types.DataType.Float && tensor.Dims.Count > 0))
        {
            float[] values = tensor.ReadFloats();
            float step = values.Max(MathF.Abs) / (recipe.Bits == 4 ? 7 : 127);
            tensor.RawData = TensorData.Make<float>(
                TensorProto.Types.DataType.Float,
                [.. values.Select(value => value + step * (random.NextSingle() - 0.5f))],
                tensor.Dims).RawData;
        }

        string path = folder.Write("changed.onnx", changed.ToByteArray());
        using InferenceSession session = WrittenModel.Load(path);
        return Noise(expected, [.. graph.Samples.Select(sample => Outputs(session, Disturb(sample, recipe.Bits, random)))]).Share;
    }

    private static ModelSample Disturb(ModelSample sample, int bits, Random random)
    {
        SampleTensor input = sample.Inputs[0];
        float[] values = MemoryMarshal.Cast<byte, float>(input.Data).ToArray();
        float step = bits == 4 ? 0 : values.Max(MathF.Abs) / 127;
        return new ModelSample(
            sample.Name,
            SampleTensor.Create<float>(input.Name, [.. values.Select(value => value + step * (random.NextSingle() - 0.5f))], input.Shape));
    }

    private static void Check(InferenceSession model, InferenceSession written)
    {
        Same("inputs", Describe(model.InputMetadata), Describe(written.InputMetadata));
        Same("outputs", Describe(model.OutputMetadata), Describe(written.OutputMetadata));
        Same("order of outputs", string.Join(' ', model.OutputNames), string.Join(' ', written.OutputNames));
        foreach ((string key, string value) in model.ModelMetadata.CustomMetadataMap)
        {
            Same($"metadata '{key}'", value, written.ModelMetadata.CustomMetadataMap.GetValueOrDefault(key, ""));
        }
    }

    private static void Same(string what, string before, string after)
    {
        if (before != after)
        {
            throw new FindingException($"the {what} were {before} and are {after}");
        }
    }

    private static string Describe(IReadOnlyDictionary<string, NodeMetadata> values) => string.Join(
        "; ", values.OrderBy(each => each.Key, StringComparer.Ordinal)
            .Select(each => $"{each.Key} {each.Value.ElementDataType} {string.Join('x', each.Value.Dimensions)}"));

    private static float[][] Outputs(InferenceSession session, ModelSample sample)
    {
        using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, bound.Inputs, session.OutputNames);
        return [.. outputs.Select(output => output.GetTensorDataAsSpan<float>().ToArray())];
    }

    /// <summary>The noise of the output that has most of it, as a share of its signal's energy over all samples.</summary>
    private static (double Share, int Output) Noise(float[][][] expected, float[][][] actual)
    {
        (double Share, int Output) most = default;
        for (int output = 0; output < expected[0].Length; output++)
        {
            double signal = 0, noise = 0;
            for (int sample = 0; sample < expected.Length; sample++)
            {
                for (int i = 0; i < expected[sample][output].Length; i++)
                {
                    double before = expected[sample][output][i], after = actual[sample][output][i];
                    signal += before * before;
                    noise += (after - before) * (after - before);
                }
            }

            if (expected[0][output].Length * expected.Length >= FewestValues && signal > 0 && !(noise / signal <= most.Share))
            {
                most = (noise / signal, output);
            }
        }

        return most;
    }
}
