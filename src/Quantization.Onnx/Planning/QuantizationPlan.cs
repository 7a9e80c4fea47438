using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Quantization.Onnx;

/// <summary>
/// How a model is quantized, as data: the encoding of each weight and of each edge between a value and the node that reads or makes it.
/// Immutable. Two plans are equal if the same model is written from them.
/// </summary>
/// <param name="Recipe">The recipe that made the plan, by name.</param>
/// <param name="Target">The runtime that the plan is for, by name.</param>
/// <param name="Passes">The passes that the model went through, by name and in their order.</param>
/// <param name="Nodes">The nodes that read, hold or make codes, in the graph's order.</param>
public sealed record QuantizationPlan(string Recipe, string Target, ImmutableArray<string> Passes, ImmutableArray<NodePlan> Nodes)
{
    /// <summary>The nodes that the user leaves in float, by name.</summary>
    public ImmutableHashSet<string> ExcludedNodes { get; init; } = [];

    /// <summary>The nodes that compute in float though their weights are codes, by name.</summary>
    public ImmutableHashSet<string> WeightOnlyNodes { get; init; } = [];

    /// <summary>
    /// The activations that stay in float though nodes beside them could run on codes, by name. The weights of these nodes are codes all
    /// the same.
    /// </summary>
    public ImmutableHashSet<string> FloatActivations { get; init; } = [];

    /// <summary>The results of convolutions, and of lookups in tables, whose channels are scaled before anything becomes codes.</summary>
    public ImmutableArray<ChannelScaling> ChannelScalings { get; init; } = [];

    /// <summary>The values that weights multiply whose columns are scaled, before anything becomes codes.</summary>
    public ImmutableArray<InputScaling> InputScalings { get; init; } = [];

    /// <summary>The plans of branches and of the bodies of loops that are quantized as models of their own, in the graph's order.</summary>
    public ImmutableArray<BodyPlan> Bodies { get; init; } = [];

    /// <summary>Whether the model's float inputs and outputs become floats of 16 bits too.</summary>
    public bool HasHalfInterface { get; init; }

    /// <summary>The 16-bit floats that the plan is for; null where it is for codes.</summary>
    public HalfFormat? Half =>
        Nodes.FirstOrDefault(node => node.IsHalf) is { } half ? half.HalfInputs.Concat(half.HalfResults).First().Format : Notes.Half;

    /// <summary>
    /// Nodes with weights that stay in float, and why, by name. It changes nothing of what is written, so equality does not look at it.
    /// </summary>
    public IReadOnlyDictionary<string, string> FloatNodes => Notes.Float;

    /// <summary>
    /// Softmax, GELU, LayerNorm, RMSNorm and rotary embeddings that stay in float, whether one operator computes them or several, and why,
    /// by the name of the node that makes their result. Equality does not look at it.
    /// </summary>
    public IReadOnlyDictionary<string, string> FloatPatterns => Notes.Patterns;

    /// <summary>
    /// The SHA-256 of the model that the plan was made for, in hexadecimal; null for any model that has its nodes. Equality does not look
    /// at it.
    /// </summary>
    public string? ModelSha256 { get; init; }

    /// <summary>What is told of the plan.</summary>
    internal PlanNotes Notes { get; init; } = PlanNotes.None;

    /// <summary>The SHA-256 of all that decides what is written.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Describe())));

    /// <summary>The runtime that the plan is for.</summary>
    /// <exception cref="ArgumentException"><see cref="Target"/> is not known.</exception>
    public TargetRuntime Runtime => Targets.Find(Target);

    /// <summary>Whether the plan leaves ranges of activations to calibrators, so that a calibration is needed to carry it out.</summary>
    public bool NeedsCalibration => Nodes.Any(node => node.Inputs.Concat(node.Results).Any(each => each.Encoding.Range is ObservedRange));

    /// <summary>Whether the plan changes nothing of a model.</summary>
    internal bool IsEmpty => Nodes.IsEmpty && Bodies.IsEmpty;

    /// <summary>The nodes of the plan and of the plans of bodies, those of bodies by path.</summary>
    internal IEnumerable<string> NodeNames => Nodes.Select(node => node.Node)
        .Concat(Bodies.SelectMany(body => body.Plan.NodeNames.Select(node => NodeBody.NameInside(body.Body, node))));

    /// <summary><see cref="FloatNodes"/> with those of the plans of bodies, by path.</summary>
    internal IReadOnlyDictionary<string, string> AllFloatNodes => WithBodies(plan => plan.FloatNodes, plan => plan.AllFloatNodes);

    /// <summary><see cref="FloatPatterns"/> with those of the plans of bodies, by path.</summary>
    internal IReadOnlyDictionary<string, string> AllFloatPatterns => WithBodies(plan => plan.FloatPatterns, plan => plan.AllFloatPatterns);

    /// <summary>Each value that becomes codes, in the order in which they are read and made, with one of its encodings.</summary>
    internal IEnumerable<ValueEncoding> Activations =>
        Nodes.SelectMany(node => node.Inputs.Concat(node.Results)).DistinctBy(each => each.Value);

    /// <summary>
    /// The plan with other calibrators for activations: all that takes its range from one activation's statistics gets the same.
    /// </summary>
    /// <param name="bySource">The calibrators, by the activation.</param>
    internal QuantizationPlan WithCalibrators(IReadOnlyDictionary<string, ICalibrator> bySource) => bySource.Count == 0 ? this : this with
    {
        Nodes =
        [
            .. Nodes.Select(node => node.WithActivations(
                each => each.Encoding.Range is ObservedRange observed && bySource.TryGetValue(observed.Source, out ICalibrator? calibrator)
                    ? each.Encoding with { Range = observed with { Calibrator = calibrator } }
                    : each.Encoding)),
        ],
    };

    /// <summary>The plan with other encodings of weights.</summary>
    /// <param name="byNode">The encodings, by the node's label.</param>
    internal QuantizationPlan WithWeights(IReadOnlyDictionary<string, TensorEncoding> byNode) => byNode.Count == 0 ? this : this with
    {
        Nodes = [.. Nodes.Select(node => byNode.TryGetValue(node.Node, out TensorEncoding? encoding) && node.Weights is not null
            ? node with { Weights = encoding }
            : node)],
    };

    /// <summary>The plan with all weights in float.</summary>
    internal QuantizationPlan WithoutWeights() => this with { Nodes = [.. Nodes.Select(node => node with { Weights = null })] };

    /// <summary>Reads a file that <see cref="Save"/> wrote, with changes made by hand or without.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is no plan, or something in it cannot be; the message names the place and the value.
    /// </exception>
    public static QuantizationPlan Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return PlanFile.Read(path);
    }

    /// <summary>
    /// Writes the plan as JSON, to be read and changed by hand; an existing file is replaced in one step, or stays as it was if writing
    /// fails. Equal plans with equal notes give equal files.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using AtomicFile file = AtomicFile.Create(path);
        file.Commit(stream => PlanFile.Write(this, stream));
    }

    /// <summary>Compares what is written.</summary>
    public bool Equals(QuantizationPlan? other) =>
        other is not null && (Recipe, Target, HasHalfInterface) == (other.Recipe, other.Target, other.HasHalfInterface)
            && Passes.SequenceEqual(other.Passes)
        && ChannelScalings.SequenceEqual(other.ChannelScalings) && InputScalings.SequenceEqual(other.InputScalings)
        && Nodes.SequenceEqual(other.Nodes) && Bodies.SequenceEqual(other.Bodies);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Recipe, Target, Nodes.Length, Nodes.FirstOrDefault());

    private IReadOnlyDictionary<string, string> WithBodies(
        Func<QuantizationPlan, IReadOnlyDictionary<string, string>> own, Func<QuantizationPlan, IReadOnlyDictionary<string, string>> all)
    {
        if (Bodies.IsEmpty)
        {
            return own(this);
        }

        Dictionary<string, string> joined = new(own(this));
        foreach (BodyPlan body in Bodies)
        {
            foreach ((string node, string reason) in all(body.Plan))
            {
                joined[NodeBody.NameInside(body.Body, node)] = reason;
            }
        }

        return joined;
    }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append(CultureInfo.InvariantCulture, $"Recipe = {Recipe}, Target = {Target}, Passes = {ValueText.List(Passes)}");
        builder.Append(CultureInfo.InvariantCulture, $", Nodes = {ValueText.List(Nodes)}, ExcludedNodes = {ValueText.List(ExcludedNodes)}");
        builder.Append(CultureInfo.InvariantCulture, $", WeightOnlyNodes = {ValueText.List(WeightOnlyNodes)}");
        builder.Append(CultureInfo.InvariantCulture, $", ChannelScalings = {ValueText.List(ChannelScalings)}");
        builder.Append(CultureInfo.InvariantCulture, $", InputScalings = {ValueText.List(InputScalings)}");
        builder.Append(CultureInfo.InvariantCulture, $", FloatActivations = {ValueText.List(FloatActivations)}");
        builder.Append(CultureInfo.InvariantCulture, $", Bodies = {ValueText.List(Bodies)}");
        builder.Append(CultureInfo.InvariantCulture, $", FloatNodes = {ValueText.Entries(FloatNodes)}, ModelSha256 = {ModelSha256}");
        return true;
    }

    private string Describe()
    {
        StringBuilder text = new();
        text.Append(Recipe).Append('\n').Append(Target).Append('\n').AppendJoin(", ", Passes).Append('\n');
        foreach (ChannelScaling scaling in ChannelScalings)
        {
            text.Append("scaled ").Append(scaling.Value).Append(": ")
                .AppendJoin(' ', scaling.Exponents.Select(each => each.ToString(CultureInfo.InvariantCulture))).Append('\n');
        }

        foreach (InputScaling scaling in InputScalings)
        {
            text.Append("scaled input ").Append(scaling.Value).Append(": ")
                .AppendJoin(' ', scaling.Exponents.Select(each => each.ToString(CultureInfo.InvariantCulture))).Append('\n');
        }

        foreach (NodePlan node in Nodes)
        {
            text.Append(node.Result).Append('\n');
            text.Append(" weights ").Append(node.Weights).Append(" constant ").Append(node.Constant).Append('\n');
            if (node.BiasCorrection.Length > 0)
            {
                text.Append(" bias correction ")
                    .AppendJoin(' ', node.BiasCorrection.Select(each => each.ToString("R", CultureInfo.InvariantCulture))).Append('\n');
            }

            if (node.RoundingOffsets.Length > 0)
            {
                text.Append(" rounding offsets ")
                    .Append(Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(node.RoundingOffsets.AsSpan())))).Append('\n');
            }

            Append(" input ", node.Inputs);
            Append(" result ", node.Results);
            AppendHalves(" 16-bit input ", node.HalfInputs);
            AppendHalves(" 16-bit result ", node.HalfResults);
        }

        foreach (BodyPlan body in Bodies)
        {
            text.Append("body ").Append(body.Body).Append('\n').Append(body.Plan.Describe());
        }

        if (HasHalfInterface)
        {
            text.Append("16-bit inputs and outputs\n");
        }

        return text.ToString();

        void AppendHalves(string what, ImmutableArray<HalfEncoding> values)
        {
            foreach (HalfEncoding each in values)
            {
                text.Append(what).Append(each.Position).Append(' ').Append(each.Value).Append(": ").Append(each.Format)
                    .Append(each.IsStorage ? " stored\n" : "\n");
            }
        }

        void Append(string what, ImmutableArray<ValueEncoding> values)
        {
            foreach (ValueEncoding each in values)
            {
                text.Append(what).Append(each.Position).Append(' ').Append(each.Value).Append(": ").Append(each.Encoding).Append('\n');
            }
        }
    }
}
