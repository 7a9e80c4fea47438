using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Makes inputs where the user gives none: noise for floats, small numbers for tokens. They tell how long a model takes, not how accurate
/// it is.
/// </summary>
internal static class GeneratedSamples
{
    private const int Seed = 1;

    /// <summary>Where no table says how many numbers there are, 0 and 1 are safe.</summary>
    private const int MinNumbers = 2;

    /// <summary>
    /// The lengths to try for free axes. The first suits most models: that of images for four axes, else that of a sentence.
    /// </summary>
    private static readonly long?[] Lengths = [null, 64, 128, 256, 512, 16, 8, 1];

    /// <summary>Some samples that run through a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="optionsFactory">How sessions are opened; null for the defaults.</param>
    /// <param name="count">How many.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <exception cref="OnnxModelException">None that was tried runs.</exception>
    public static IReadOnlyList<ModelSample> Make(
        OnnxModel model, Func<SessionOptions>? optionsFactory, int count, CancellationToken cancellationToken)
    {
        ModelProto graph = model.File.Model;
        using InferenceSession session = ModelSession.Open(model.Name, graph, optionsFactory);
        string problem = "";
        foreach (long? length in Lengths)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ModelSample[] samples = [.. Enumerable.Range(0, count).Select(i => Make(graph.Graph, session, length, i))];
            if (FindProblem(session, samples[0]) is not { } found)
            {
                return samples;
            }

            problem = problem.Length == 0 ? found : problem;
        }

        throw new OnnxModelException(
            model.Name, $"no generated input runs through the model ({problem.TrimEnd('.')}); give samples of its inputs.");
    }

    private static string? FindProblem(InferenceSession session, ModelSample sample)
    {
        try
        {
            using BoundSample bound = SampleBinder.Bind(sample, session.InputMetadata);
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, bound.Inputs, session.OutputNames);
            return null;
        }
        catch (Exception e) when (e is OnnxRuntimeException or InvalidDataException)
        {
            return e.Message.ReplaceLineEndings(" ");
        }
    }

    private static ModelSample Make(GraphProto graph, InferenceSession session, long? length, int number)
    {
        bool hasTokens = session.InputMetadata.ContainsKey(TokenInputs.Tokens);
        List<SampleTensor> inputs = [];
        foreach ((string name, NodeMetadata metadata) in session.InputMetadata)
        {
            // A cache, a mask and positions are added where tokens are bound to the model.
            if (hasTokens
                && (name is TokenInputs.Mask or TokenInputs.Positions || name.StartsWith(TokenInputs.Past, StringComparison.Ordinal)))
            {
                continue;
            }

            inputs.Add(MakeTensor(graph, name, metadata, length, (Seed * 1_000) + (number * 100) + inputs.Count));
        }

        return new ModelSample($"generated input {number + 1}", [.. inputs]);
    }

    private static SampleTensor MakeTensor(GraphProto graph, string name, NodeMetadata metadata, long? length, int seed)
    {
        TensorElementType type = metadata.ElementDataType;
        bool isFloat = type is TensorElementType.Float or TensorElementType.Float16 or TensorElementType.Double;
        bool isImage = isFloat && metadata.Dimensions.Length == 4;
        long[] shape = [.. metadata.Dimensions.Select((each, axis) => each >= 0 ? each : LengthOf(axis, isImage, length))];
        int elements = checked((int)shape.Aggregate(1L, (product, each) => checked(product * each)));
#pragma warning disable CA5394 // nothing secret here
        Random random = new(seed);
        double Noise() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        long most = TableLookups.FindRows(graph, name) ?? MinNumbers;
        Func<int, double> next = isFloat
            ? _ => isImage ? random.NextDouble() : Noise()
            : MakeNumbers(name, shape, _ => random.NextInt64(most));
#pragma warning restore CA5394
        double[] values = [.. Enumerable.Range(0, elements).Select(next)];
        return new SampleTensor(name, type, shape, ToBytes(type, values));
    }

    /// <summary>What a whole number stands for, by the input's name: the rest are tokens.</summary>
    private static Func<int, double> MakeNumbers(string name, long[] shape, Func<int, double> tokens)
    {
        bool Has(string word) => name.Contains(word, StringComparison.OrdinalIgnoreCase);
        return Has("mask") ? _ => 1
            : Has("type") || Has("segment") ? _ => 0
            : Has("position") ? i => i % Math.Max(1, shape[^1])
            : shape.Length == 0 && (name == "sr" || Has("rate")) ? _ => 16_000
            : shape.Length == 0 || Has("len") ? _ => Math.Max(1, shape.Length == 0 ? 1 : shape[^1])
            : tokens;
    }

    private static long LengthOf(int axis, bool isImage, long? length)
    {
        const int Colours = 3, Pixels = 224, Words = 64;
        return axis == 0 ? 1 : isImage && axis == 1 ? Colours : length ?? (isImage ? Pixels : Words);
    }

    private static byte[] ToBytes(TensorElementType type, double[] values) => type switch
    {
        TensorElementType.Float => Cast(values, value => (float)value),
        TensorElementType.Double => Cast(values, value => value),
        TensorElementType.Float16 => Cast(values, value => (Half)value),
        TensorElementType.Int64 => Cast(values, value => (long)value),
        TensorElementType.Int32 => Cast(values, value => (int)value),
        TensorElementType.Int16 => Cast(values, value => (short)value),
        TensorElementType.Bool => Cast(values, value => (byte)(value > 0 ? 1 : 0)),
        TensorElementType.UInt8 => Cast(values, value => (byte)value),
        TensorElementType.Int8 => Cast(values, value => (sbyte)value),
        _ => new byte[values.Length * SampleElementType.SizeOf(type)],
    };

    private static byte[] Cast<T>(double[] values, Func<double, T> convert)
        where T : unmanaged => MemoryMarshal.AsBytes<T>(Array.ConvertAll(values, value => convert(value))).ToArray();
}
