namespace Quantization.Onnx;

/// <summary>
/// A model that cannot be read, run or quantized. The message is one line that names the file and, where there is one, the node or tensor,
/// and the way out.
/// </summary>
public sealed class OnnxModelException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="modelPath">The model's file.</param>
    /// <param name="problem">What is wrong and what to do about it; the file is put before it.</param>
    /// <param name="node">The node at fault, if one is.</param>
    /// <param name="innerException">The cause, if another component found it.</param>
    public OnnxModelException(string modelPath, string problem, string? node = null, Exception? innerException = null)
        : base(VisibleText.Of($"{modelPath}: {problem}"), innerException)
    {
        ModelPath = modelPath;
        Node = node;
    }

    private OnnxModelException(string modelPath, Advice advice, string? node)
        : base(VisibleText.Of(advice.Message))
    {
        ModelPath = modelPath;
        Node = node;
        advice.On(this);
    }

    /// <summary>The model's file.</summary>
    public string ModelPath { get; }

    /// <summary>The name of the node at fault; null where no single node is.</summary>
    public string? Node { get; }

    /// <summary>An exception that carries an advice, whose words are the message.</summary>
    /// <param name="modelPath">The model's file, which the advice names too.</param>
    /// <param name="advice">What is wrong and what to do about it.</param>
    /// <param name="node">The node at fault, if one is.</param>
    internal static OnnxModelException With(string modelPath, Advice advice, string? node = null) => new(modelPath, advice, node);
}
