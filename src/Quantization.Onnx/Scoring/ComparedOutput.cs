namespace Quantization.Onnx;

/// <summary>An output of floats for one run, beside the reference model's.</summary>
internal sealed class ComparedOutput
{
    private readonly FloatOutput _reference;
    private readonly FloatOutput _actual;

    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="name">The output's name.</param>
    /// <param name="shape">The shape of the reference model's output.</param>
    /// <param name="reference">The reference model's values.</param>
    /// <param name="actual">The model's values.</param>
    /// <exception cref="OnnxModelException">The two differ in the number of values.</exception>
    public ComparedOutput(string modelPath, string name, long[] shape, FloatOutput reference, FloatOutput actual)
    {
        if (reference.Values.Length != actual.Values.Length)
        {
            throw new OnnxModelException(
                modelPath,
                $"output '{name}' has {actual.Values.Length} values where the reference has {reference.Values.Length}; "
                + "compare models of the same shapes.");
        }

        Name = name;
        Shape = shape;
        _reference = reference;
        _actual = actual;
    }

    /// <summary>The output's name.</summary>
    public string Name { get; }

    /// <summary>The shape of the reference model's output.</summary>
    public long[] Shape { get; }

    /// <summary>The reference model's values, row-major.</summary>
    public ReadOnlySpan<float> Reference => _reference.Values;

    /// <summary>The model's values, row-major.</summary>
    public ReadOnlySpan<float> Actual => _actual.Values;

    /// <summary>The part of one sample of several that were run together.</summary>
    /// <param name="modelPath">What messages call the model.</param>
    /// <param name="index">The sample's place in the run.</param>
    /// <param name="count">The samples of the run.</param>
    /// <exception cref="OnnxModelException">The first axis does not hold the samples.</exception>
    public OutputSlice Slice(string modelPath, int index, int count)
    {
        if (count == 1)
        {
            return new OutputSlice(this, Shape, 0, Reference.Length);
        }

        if (Shape.Length == 0 || Shape[0] != count)
        {
            throw new OnnxModelException(
                modelPath,
                $"output '{Name}' of shape {SampleShape.Format(Shape)} does not begin with the batch axis of {count} samples, "
                + "so it cannot be taken apart for a metric of your own; score with a batch size of 1.");
        }

        int length = Reference.Length / count;
        return new OutputSlice(this, [1, .. Shape[1..]], index * length, length);
    }
}
