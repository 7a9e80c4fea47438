using System.Runtime.InteropServices;
using TorchSharp;

namespace Quantization.TorchSharp;

/// <summary>The elements of a tensor as a span that .NET code reads and writes in place.</summary>
internal static class TensorMemory
{
    /// <summary>The tensor itself where its elements lie row by row in the processor's memory, otherwise such a copy.</summary>
    /// <exception cref="NotSupportedException">The elements are not 32-bit floats.</exception>
    public static torch.Tensor Dense(torch.Tensor tensor)
    {
        if (tensor.dtype != torch.ScalarType.Float32)
        {
            throw new NotSupportedException(
                $"Fake quantization works on Float32 tensors; this one is {tensor.dtype}. Convert it with .to(torch.ScalarType.Float32).");
        }

        torch.Tensor near = tensor.device_type == DeviceType.CPU ? tensor : tensor.cpu();
        return near.is_contiguous() ? near : near.contiguous();
    }

    /// <summary>The elements of a dense tensor of T. The span lives as long as the tensor.</summary>
    public static Span<T> Span<T>(torch.Tensor dense)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(dense.bytes);

    /// <summary>The lengths of the axes.</summary>
    public static nint[] Shape(torch.Tensor tensor) => Array.ConvertAll(tensor.shape, length => (nint)length);
}
