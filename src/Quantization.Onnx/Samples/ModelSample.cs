namespace Quantization.Onnx;

/// <summary>One sample: a value for each input of a model, and the name that messages call it by.</summary>
public sealed class ModelSample
{
    private readonly SampleTensor[] _inputs;

    /// <summary>Makes a sample of its inputs.</summary>
    /// <param name="name">What messages call the sample, such as the path of its file.</param>
    /// <param name="inputs">
    /// The inputs' values. A named one belongs to the model's input of that name, an unnamed one to the input at the same position.
    /// </param>
    /// <exception cref="ArgumentException">There is no input, or two have the same name.</exception>
    public ModelSample(string name, params ReadOnlySpan<SampleTensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (inputs.IsEmpty)
        {
            throw new ArgumentException($"Sample '{name}' has no input; a sample needs at least one.", nameof(inputs));
        }

        HashSet<string> names = [];
        foreach (SampleTensor input in inputs)
        {
            if (input.Name is not null && !names.Add(input.Name))
            {
                throw new ArgumentException($"Sample '{name}' has two inputs called '{input.Name}'.", nameof(inputs));
            }
        }

        Name = name;
        _inputs = inputs.ToArray();
    }

    /// <summary>What messages call the sample, such as the path of its file.</summary>
    public string Name { get; }

    /// <summary>The inputs' values.</summary>
    public ReadOnlySpan<SampleTensor> Inputs => _inputs;

    /// <summary>The class that a classifier should find, counted from 0; null where it is not known.</summary>
    public int? Label { get; init; }

    /// <summary>Where the label was read, as messages show it; null where it was not read from a file.</summary>
    internal string? LabelOrigin { get; init; }

    /// <summary>The file that the values are read from; null where they come from elsewhere or are changed on the way.</summary>
    internal SampleOrigin? Origin { get; init; }
}
