using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx;

/// <summary>Tells which values of samples are padding. Several threads may ask at once.</summary>
internal sealed class PaddingFilter
{
    private const string MaskPart = "mask";

    private readonly Lock _gate = new();
    private readonly PaddingOptions _options;
    private readonly FloatModel _model;
    private readonly string[] _values;
    private readonly IReadOnlyDictionary<string, NodeMetadata> _inputs;
    private readonly Func<IReadOnlyDictionary<string, OrtValue>, IReadOnlyDictionary<string, long[]>?> _shapesOf;
    private Dictionary<string, MaskedAxes?>? _axes;
    private string? _mask;
    private long _masked;
    private long _positions;

    /// <param name="options">What to do with padding.</param>
    /// <param name="model">The model.</param>
    /// <param name="values">The values that are observed.</param>
    /// <param name="inputs">The model's inputs.</param>
    /// <param name="shapesOf">Runs the model and gives the shapes of its values; null where the model does not run on these inputs.</param>
    /// <exception cref="ArgumentException">The options name an input or a value that the model does not have.</exception>
    public PaddingFilter(
        PaddingOptions options,
        FloatModel model,
        IEnumerable<string> values,
        IReadOnlyDictionary<string, NodeMetadata> inputs,
        Func<IReadOnlyDictionary<string, OrtValue>, IReadOnlyDictionary<string, long[]>?> shapesOf)
    {
        _options = options;
        _model = model;
        _values = [.. values];
        _inputs = inputs;
        _shapesOf = shapesOf;
        if (options.Mask is { } mask && !inputs.ContainsKey(mask))
        {
            throw new ArgumentException($"{model.File.Path} has no input '{VisibleText.Short(mask)}' to mask positions; its inputs are "
                + $"{string.Join(", ", inputs.Keys.Select(known => $"'{known}'"))}.");
        }

        if (options.Axes.Count > 0)
        {
            HashSet<string> known = [.. inputs.Keys, .. model.Model.Graph.Node.SelectMany(node => node.Output)];
            if (options.Axes.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
            {
                throw new ArgumentException($"{model.File.Path} has no activation '{VisibleText.Short(unknown)}', so no axes of it can "
                    + "follow a mask; name a value of the model.");
            }
        }
    }

    /// <summary>What is padding in a sample; null where nothing is.</summary>
    /// <exception cref="InvalidDataException">The mask that the options name is no mask in this sample.</exception>
    public PaddedSample? Find(ModelSample sample, BoundSample bound)
    {
        if (_options.IsCounted || FindMask(sample, bound) is not ({ } name, { } mask))
        {
            return null;
        }

        lock (_gate)
        {
            _mask = name;
            _positions += (long)mask.Batch * mask.Sequence;
            if (mask.Masked is 0 || mask.Masked == (long)mask.Batch * mask.Sequence)
            {
                return null; // where all is masked, the mask means something else
            }

            _masked += mask.Masked;
            _axes ??= FindAxes(name, bound, mask);
        }

        return new PaddedSample(
            mask, _axes.Where(each => each.Value is not null).ToDictionary(each => each.Key, each => each.Value!), _options.Axes);
    }

    /// <summary>What was left out since the last call; null where no sample had a mask.</summary>
    public ObservedPadding? Take()
    {
        lock (_gate)
        {
            ObservedPadding? padding = _mask is null ? null : new ObservedPadding(_mask, _masked, _positions)
            {
                Axes = _axes?.Where(each => each.Value is { IsNone: false })
                    .OrderBy(each => each.Key, StringComparer.Ordinal).ToDictionary(each => each.Key, each => each.Value!) ?? [],
                Undecided = _axes?.Where(each => each.Value is null).Select(each => each.Key).Order(StringComparer.Ordinal).ToArray() ?? [],
            };
            (_masked, _positions) = (0, 0);
            return padding;
        }
    }

    /// <summary>Forgets the mask and the axes that were found.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            (_mask, _axes, _masked, _positions) = (null, null, 0, 0);
        }
    }

    private (string Name, PaddingMask Mask)? FindMask(ModelSample sample, BoundSample bound)
    {
        if (_options.Mask is { } named)
        {
            return PaddingMask.Read(bound.Inputs[named]) is { } read ? (named, read)
                : throw new InvalidDataException($"{sample.Name}: input '{named}' is to mask positions, but it is no matrix of the "
                    + "integers 0 and 1; name another input as the mask.");
        }

        foreach ((string name, OrtValue value) in bound.Inputs)
        {
            if (name.Contains(MaskPart, StringComparison.OrdinalIgnoreCase) && value.IsTensor && HasTokensBeside(name, value, bound)
                && PaddingMask.Read(value) is { } mask)
            {
                return (name, mask);
            }
        }

        return null;
    }

    /// <summary>Whether another input of integers has the same shape, as the ids of tokens have.</summary>
    private static bool HasTokensBeside(string name, OrtValue value, BoundSample bound)
    {
        long[] shape = value.GetTensorTypeAndShape().Shape;
        return bound.Inputs.Any(each => each.Key != name && each.Value.IsTensor
            && each.Value.GetTensorTypeAndShape() is { ElementDataType: TensorElementType.Int64 or TensorElementType.Int32 } info
            && info.Shape.SequenceEqual(shape));
    }

    private Dictionary<string, MaskedAxes?> FindAxes(string name, BoundSample bound, PaddingMask mask)
    {
        MaskedAxesFinder finder = new(_model.Model, name, _inputs, _shapesOf);
        Dictionary<string, MaskedAxes?> axes = finder.Find(_values.Where(value => !_options.Axes.ContainsKey(value)), bound, mask);
        foreach (string value in _values.Where(_options.Axes.ContainsKey))
        {
            axes[value] = _options.Axes[value];
        }

        return axes;
    }
}
