using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// What is known here of a small tensor of integers on another device, so that a forward pass need not wait for it. It is read again when
/// the tensor is another one and when training and evaluation change: a state dict that is loaded while the model trains counts from the
/// next such change on.
/// </summary>
/// <param name="length">The tensor's length.</param>
internal sealed class HostMirror(int length)
{
    private readonly long[] _values = new long[length];
    private IntPtr _handle;
    private bool _isTraining;

    /// <summary>A value.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="isTraining">Whether the module trains.</param>
    /// <param name="slot">Which.</param>
    /// <param name="stale">Whether a 0 is looked at again: it may have been loaded.</param>
    public long Read(Tensor tensor, bool isTraining, int slot, bool stale)
    {
        Refresh(tensor, isTraining, stale && _values[slot] == 0);
        return _values[slot];
    }

    /// <summary>Sets a value here and there.</summary>
    public void Write(Tensor tensor, bool isTraining, int slot, long value)
    {
        Refresh(tensor, isTraining, isForced: false);
        if (_values[slot] != value)
        {
            _values[slot] = value;
            using IDisposable noGradient = torch.no_grad();
            using Tensor place = tensor.narrow(0, slot, 1);
            place.fill_(value);
        }
    }

    private void Refresh(Tensor tensor, bool isTraining, bool isForced)
    {
        if (isForced || tensor.Handle != _handle || isTraining != _isTraining)
        {
            (_handle, _isTraining) = (tensor.Handle, isTraining);
            using Tensor near = tensor.cpu();
            TensorMemory.Span<long>(near).CopyTo(_values);
        }
    }
}
