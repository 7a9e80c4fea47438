namespace Quantization.Onnx;

/// <summary>
/// Decides which outputs hold rows of classes: <c>[N, classes]</c> has one row per sample, <c>[N, steps, classes]</c> one per step, with
/// two classes at least. Axes of length 1 behind the second do not count, since classifiers may give <c>[N, classes, 1, 1]</c>. Outputs of
/// other ranks have none: the last axis of a map of features holds no classes.
/// </summary>
internal static class ClassRows
{
    /// <summary>The length of a row; 0 where the output has no rows of classes.</summary>
    public static int LengthOf(ReadOnlySpan<long> shape)
    {
        while (shape.Length > 2 && shape[^1] == 1)
        {
            shape = shape[..^1];
        }

        return shape.Length is 2 or 3 && shape[^1] > 1 ? (int)shape[^1] : 0;
    }
}
