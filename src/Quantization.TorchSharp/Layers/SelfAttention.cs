using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// Multi-head self-attention whose four projections can be quantized: <c>output(softmax(QKᵀ / √d) · V)</c> for each head, for values of
/// shape [batch, tokens, features]. TorchSharp's own <see cref="global::TorchSharp.Modules.MultiheadAttention"/> keeps its projections
/// where nothing can take their place; <see cref="From"/> takes over its weights. The products of computed values and Softmax stay in
/// float.
/// </summary>
public sealed class SelfAttention : Module<Tensor, Tensor>, IOnnxExportable
{
    private readonly Module<Tensor, Tensor> query, key, value, output;

    /// <summary>Makes one with weights as Linear chooses them.</summary>
    /// <param name="features">The features of a token; a multiple of the heads.</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="isCausal">
    /// Whether a token sees only itself and those before it. Such a module is exported for as many tokens as the sample shape begins with.
    /// </param>
    /// <exception cref="ArgumentException">The features are no multiple of the heads.</exception>
    public SelfAttention(int features, int heads, bool isCausal = false)
        : base(nameof(SelfAttention))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(features);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        if (features % heads != 0)
        {
            throw new ArgumentException($"{features} features are no multiple of {heads} heads.", nameof(heads));
        }

        (Features, Heads, IsCausal) = (features, heads, isCausal);
        (query, key, value, output) =
            (Linear(features, features), Linear(features, features), Linear(features, features), Linear(features, features));
        RegisterComponents();
    }

    /// <summary>The features of a token.</summary>
    public int Features { get; }

    /// <summary>The number of heads.</summary>
    public int Heads { get; }

    /// <summary>Whether a token sees only itself and those before it.</summary>
    public bool IsCausal { get; }

    private long PerHead => Features / Heads;

    /// <summary>
    /// One with the weights of TorchSharp's. That takes values of shape [tokens, batch, features], this one [batch, tokens, features].
    /// </summary>
    /// <param name="source">The module, with queries, keys and values of as many features.</param>
    /// <param name="heads">Its number of heads.</param>
    /// <param name="isCausal">Whether a token sees only itself and those before it.</param>
    /// <exception cref="ArgumentException">Its projections have other shapes.</exception>
    public static SelfAttention From(MultiheadAttention source, int heads, bool isCausal = false)
    {
        ArgumentNullException.ThrowIfNull(source);
        Dictionary<string, Tensor> state = source.state_dict();
        if (!state.TryGetValue("in_proj_weight", out Tensor? projections) || !state.TryGetValue("out_proj.weight", out Tensor? last)
            || projections.shape is not [var rows, var features] || rows != 3 * features)
        {
            throw new ArgumentException("The module's queries, keys and values do not have as many features as its result; SelfAttention "
                + "cannot take over its weights.", nameof(source));
        }

        SelfAttention made = new((int)features, heads, isCausal);
        using IDisposable noGradient = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor? biases = state.GetValueOrDefault("in_proj_bias");
        foreach ((Module<Tensor, Tensor> layer, int index)
            in (ReadOnlySpan<(Module<Tensor, Tensor>, int)>)[(made.query, 0), (made.key, 1), (made.value, 2)])
        {
            Copy((Linear)layer, projections.narrow(0, index * features, features), biases?.narrow(0, index * features, features));
        }

        Copy((Linear)made.output, last, state.GetValueOrDefault("out_proj.bias"));
        return made;
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using DisposeScope scope = torch.NewDisposeScope();
        (long batch, long tokens) = (input.shape[0], input.shape[1]);
        Tensor Split(Module<Tensor, Tensor> layer) => layer.call(input).reshape(batch, tokens, Heads, PerHead).transpose(1, 2);
        Tensor scores = Split(query).matmul(Split(key).transpose(2, 3)) / Math.Sqrt(PerHead);
        if (IsCausal)
        {
            scores += Mask(tokens).to(scores.device);
        }

        Tensor mixed = functional.softmax(scores, -1).matmul(Split(value));
        return output.call(mixed.transpose(1, 2).reshape(batch, tokens, Features)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public OnnxValue ExportOnnx(OnnxGraph graph, OnnxValue input)
    {
        ArgumentNullException.ThrowIfNull(graph);
        OnnxValue Split(Module<Tensor, Tensor> layer, string name, params long[] order) => graph.Operator(
            "Transpose",
            [graph.Operator("Reshape", [graph.Call(layer, input, name), graph.Integers([0, 0, Heads, PerHead])]) with { Rank = 4 }],
            ("perm", order));
        OnnxValue product = graph.Operator("MatMul", [Split(query, nameof(query), 0, 2, 1, 3), Split(key, nameof(key), 0, 2, 3, 1)]);
        OnnxValue scores = graph.Operator("Div", [product, graph.Constant([(float)Math.Sqrt(PerHead)])]);
        if (IsCausal)
        {
            scores = graph.Add(scores, graph.Float(Mask(graph.SampleShape[0])));
        }

        OnnxValue mixed = graph.Operator(
            "MatMul", [graph.Operator("Softmax", [scores], ("axis", -1L)), Split(value, nameof(value), 0, 2, 1, 3)]);
        OnnxValue joined = graph.Operator(
            "Reshape",
            [graph.Operator("Transpose", [mixed], ("perm", (long[])[0, 2, 1, 3])), graph.Integers([0, 0, Features])]) with { Rank = 3 };
        return graph.Call(output, joined, nameof(output));
    }

    /// <summary>0 where a token sees another, −∞ where that comes behind it.</summary>
    private static Tensor Mask(long tokens) => torch.full([tokens, tokens], float.NegativeInfinity).triu(1);

    private static void Copy(Linear layer, Tensor weight, Tensor? bias)
    {
        layer.weight.copy_(weight);
        if (bias is null)
        {
            layer.bias!.zero_();
        }
        else
        {
            layer.bias!.copy_(bias);
        }
    }
}
