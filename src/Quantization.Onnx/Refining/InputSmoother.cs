using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>
/// Scales the inputs of MatMul and Gemm nodes so that columns of very different size share one range better. All nodes that multiply one
/// value share its factors. (G. Xiao et al., SmoothQuant: Accurate and Efficient Post-Training Quantization for Large Language Models,
/// 2022; here the factors are searched for by an estimate of the noise.)
/// </summary>
internal sealed class InputSmoother
{
    private readonly Dictionary<string, ScalableInput> _inputs;
    private readonly InputScaling[] _scalings;

    private InputSmoother(IEnumerable<ScalableInput> inputs, InputScaling[] scalings)
    {
        _inputs = inputs.ToDictionary(input => input.Value);
        _scalings = scalings;
    }

    /// <summary>The values whose statistics differ in the scaled model.</summary>
    public IEnumerable<string> Values => _scalings.Select(scaling => _inputs[scaling.Value].ScaledValue);

    /// <summary>Finds the factors for the inputs of a plan.</summary>
    /// <param name="model">The float model.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="samples">The samples whose inputs count.</param>
    /// <param name="sessionOptions">The user's session options; null for the defaults.</param>
    /// <param name="padding">What to do with padding.</param>
    /// <param name="cancellationToken">Stops between runs.</param>
    /// <returns>Null where no input is worth scaling.</returns>
    public static InputSmoother? Measure(
        FloatModel model, QuantizationPlan plan, IReadOnlyList<ModelSample> samples, Func<SessionOptions>? sessionOptions,
        PaddingOptions padding, CancellationToken cancellationToken)
    {
        IReadOnlyList<SmoothedReaders> found = SmoothedReaders.Find(model, plan);
        if (found.Count == 0 || samples.Count == 0)
        {
            return null;
        }

        Dictionary<string, InputColumns> columns = InputColumnsRun.Run(
            model,
            found.ToDictionary(each => each.Input.Value, each => each.Input.Columns),
            samples,
            sessionOptions,
            padding,
            cancellationToken);
        int[]?[] exponents = new int[]?[found.Count];
        SideBySide.For(found.Count, i => exponents[i] = found[i].Search(model, columns[found[i].Input.Value]), cancellationToken);
        InputScaling[] scalings =
        [
            .. found.Zip(exponents).Where(each => each.Second is not null)
                .Select(each => new InputScaling(each.First.Input.Value, [.. each.Second!])),
        ];
        return scalings.Length == 0 ? null : new InputSmoother(found.Select(each => each.Input), scalings);
    }

    /// <summary>The scaled model.</summary>
    public FloatModel Apply(FloatModel model, IRecipe recipe) => model.WithScaledInputs(_scalings, recipe);

    /// <summary>The plan for the scaled model.</summary>
    public QuantizationPlan Apply(QuantizationPlan plan)
    {
        Dictionary<string, string> names = _scalings.ToDictionary(scaling => scaling.Value, scaling => _inputs[scaling.Value].ScaledValue);
        HashSet<string> readers = [.. names.Keys.SelectMany(value => _inputs[value].Readers).Select(reader => reader.Output[0])];
        return plan with
        {
            InputScalings = [.. _scalings],
            Nodes =
            [
                .. plan.Nodes.Select(node => readers.Contains(node.Result) ? node with { Inputs = [.. node.Inputs.Select(Rename)] } : node)
            ],
        };

        ValueEncoding Rename(ValueEncoding each) => !names.TryGetValue(each.Value, out string? name) ? each : each with
        {
            Value = name,
            Encoding = each.Encoding.Range is ObservedRange observed
                ? each.Encoding with { Range = observed with { Source = name } }
                : each.Encoding,
        };
    }
}
