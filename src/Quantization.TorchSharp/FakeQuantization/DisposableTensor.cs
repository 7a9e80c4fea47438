using TorchSharp;

namespace Quantization.TorchSharp;

/// <summary>A tensor that is let go at the end of a scope, unless it is somebody else's.</summary>
internal readonly struct DisposableTensor : IDisposable
{
    private readonly bool _owned;

    private DisposableTensor(torch.Tensor tensor, bool owned)
    {
        Tensor = tensor;
        _owned = owned;
    }

    public torch.Tensor Tensor { get; }

    /// <summary>See <see cref="TensorMemory.Dense"/>; only a copy is let go.</summary>
    public static DisposableTensor DenseOf(torch.Tensor tensor)
    {
        torch.Tensor dense = TensorMemory.Dense(tensor);
        return new DisposableTensor(dense, !ReferenceEquals(dense, tensor));
    }

    public void Dispose()
    {
        if (_owned)
        {
            Tensor.Dispose();
        }
    }
}
