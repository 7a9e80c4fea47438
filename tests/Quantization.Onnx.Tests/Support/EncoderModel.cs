using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests;

/// <summary>
/// A transformer encoder as BERT is one (Devlin et al. 2018), with random weights: embeddings of tokens and positions, added and
/// normalized, then layers of attention and two matrix products. Input <c>ids</c> [1, N], output <c>y</c> [1, N, width].
/// </summary>
internal static class EncoderModel
{
    private const int Heads = 4;

    /// <summary>The model.</summary>
    /// <param name="vocabulary">The rows of the tokens' table.</param>
    /// <param name="positions">The rows of the positions' table.</param>
    /// <param name="width">The columns of both.</param>
    /// <param name="layers">The layers behind them.</param>
    public static ModelBuilder Make(int vocabulary, int positions, int width, int layers)
    {
        ModelBuilder model = new ModelBuilder(17).Ids().Output("y");
        model.Graph.Output[0].Type.TensorType.Shape = null;
        model.Constant("tokens", Table(1, vocabulary, width), vocabulary, width)
            .Constant("places", Table(2, positions, width), positions, width)
            .Integers("all", [.. Enumerable.Range(0, positions).Select(i => (long)i)], 1, positions).Integers("zero", 0).Integers("one", 1)
            .Node("Shape", ["ids"], "shape")
            .Node("Gather", ["shape", "one"], "length")
            .Node("Slice", ["all", "zero", "length", "one"], "place")
            .Node("Gather", ["tokens", "ids"], "token-rows").Node("Gather", ["places", "place"], "place-rows")
            .Node("Add", ["token-rows", "place-rows"], "sum").Normalize("sum", "x0", width)
            .Integers("split", 0, 0, Heads, width / Heads).Integers("join", 0, 0, width).Constant("root", [1 / MathF.Sqrt(width / Heads)]);
        for (int i = 0; i < layers; i++)
        {
            string x = $"x{i}", p = $"l{i}-";
            model.Linear(x, p + "q", 10 * i + 11, width, width)
                .Linear(x, p + "k", 10 * i + 12, width, width).Linear(x, p + "v", 10 * i + 13, width, width);
            foreach ((string part, long[] order)
                in (ReadOnlySpan<(string, long[])>)[("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])])
            {
                model.Node("Reshape", [p + part, "split"], p + part + "s")
                    .Node("Transpose", [p + part + "s"], p + part + "t", ModelBuilder.Ints("perm", order));
            }

            model.Node("MatMul", [p + "qt", p + "kt"], p + "a").Node("Mul", [p + "a", "root"], p + "b")
                .Node("Softmax", [p + "b"], p + "c", ModelBuilder.Int("axis", -1)).Node("MatMul", [p + "c", p + "vt"], p + "d")
                .Node("Transpose", [p + "d"], p + "e", ModelBuilder.Ints("perm", 0, 2, 1, 3))
                .Node("Reshape", [p + "e", "join"], p + "f")
                .Linear(p + "f", p + "g", 10 * i + 14, width, width)
                .Node("Add", [x, p + "g"], p + "h").Normalize(p + "h", p + "n", width)
                .Linear(p + "n", p + "u", 10 * i + 15, width, 4 * width)
                .Node("Relu", [p + "u"], p + "r")
                .Linear(p + "r", p + "w", 10 * i + 16, 4 * width, width)
                .Node("Add", [p + "n", p + "w"], p + "m").Normalize(p + "m", i == layers - 1 ? "y" : $"x{i + 1}", width);
        }

        return model;
    }

    /// <summary>An input of token numbers.</summary>
    public static ModelBuilder Ids(this ModelBuilder model, TensorProto.Types.DataType type = TensorProto.Types.DataType.Int64)
    {
        model.Input("ids", 1, -1);
        model.Graph.Input[^1].Type.TensorType.ElemType = (int)type;
        return model;
    }

    /// <summary>Samples of some tokens each.</summary>
    public static SampleList Samples(int count, int tokens, int vocabulary) => new([.. Enumerable.Range(0, count)
        .Select(i => new ModelSample($"sample {i}", SampleTensor.Create<long>("ids", Numbers(i, tokens, vocabulary), 1, tokens)))]);

    /// <summary>Token numbers.</summary>
    public static long[] Numbers(int seed, int tokens, int vocabulary) =>
        [.. Enumerable.Range(0, tokens).Select(k => (seed * 7919L + k * 104_729L) % vocabulary)];

    /// <summary>A table as training leaves them: rows of different lengths, and columns that stand out.</summary>
    public static float[] Table(int seed, int rows, int width)
    {
        float[] values = RandomTensors.Normal(seed, rows * width, 0.05);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] *= (0.3f + 1.4f * (i / width * 7919L % rows) / rows) * (i % width % 97 == 13 ? 5 : 1);
        }

        return values;
    }

    private static ModelBuilder Linear(this ModelBuilder model, string from, string to, int seed, int inputs, int outputs) => model
        .Constant($"{to}-w", RandomTensors.Normal(seed, inputs * outputs, 1 / Math.Sqrt(inputs)), inputs, outputs)
        .Constant($"{to}-bias", RandomTensors.Normal(seed + 5, outputs, 0.1), outputs)
        .Node("MatMul", [from, $"{to}-w"], $"{to}-p").Node("Add", [$"{to}-p", $"{to}-bias"], to);

    private static ModelBuilder Normalize(this ModelBuilder model, string from, string to, int width) => model
        .Constant($"{to}-scale", [.. Enumerable.Repeat(1f, width)], width).Constant($"{to}-shift", new float[width], width)
        .Node("LayerNormalization", [from, $"{to}-scale", $"{to}-shift"], to, ModelBuilder.Int("axis", -1));
}
