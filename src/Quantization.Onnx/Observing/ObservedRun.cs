using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Quantization.Onnx;

/// <summary>One run of a model whose values operators show. They find it by its address.</summary>
internal abstract class ObservedRun : IDisposable
{
    private GCHandle _handle;
    private ExceptionDispatchInfo? _failure;

    private protected ObservedRun() => _handle = GCHandle.Alloc(this);

    /// <summary>What <see cref="At"/> finds this by, until it is disposed of.</summary>
    public long Address => GCHandle.ToIntPtr(_handle);

    /// <summary>The run at an address.</summary>
    public static ObservedRun At(long address) => (ObservedRun)GCHandle.FromIntPtr((nint)address).Target!;

    /// <summary>Sees the value that an operator reads.</summary>
    /// <param name="position">The position of the value among those that are observed.</param>
    /// <param name="tensor">The value.</param>
    public abstract void See(int position, RuntimeTensor tensor);

    /// <summary>Keeps the first error.</summary>
    public void Fail(Exception e) => Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);

    /// <summary>Throws the first error, if there was any.</summary>
    public void ThrowIfFailed() => _failure?.Throw();

    /// <inheritdoc />
    public void Dispose() => _handle.Free();
}
