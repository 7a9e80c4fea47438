namespace Quantization.Onnx;

/// <summary>Reports on the thread that works; <see cref="Progress{T}"/> would report from another, after the work is over.</summary>
internal sealed class SynchronousProgress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
