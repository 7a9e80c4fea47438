using System.Collections.Concurrent;

namespace Quantization.Onnx;

/// <summary>A run that tells the shapes of values.</summary>
/// <param name="values">The values that operators show, by position.</param>
internal sealed class ShapeObservation(IReadOnlyList<string> values) : ObservedRun
{
    private readonly ConcurrentDictionary<string, long[]> _shapes = [];

    /// <summary>The shapes, by the value's name.</summary>
    public IReadOnlyDictionary<string, long[]> Shapes => _shapes;

    /// <inheritdoc />
    public override void See(int position, RuntimeTensor tensor) => _shapes[values[position]] = tensor.Shape;
}
