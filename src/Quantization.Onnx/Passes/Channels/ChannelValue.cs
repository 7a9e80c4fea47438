namespace Quantization.Onnx;

/// <summary>A value whose channels can be followed to what makes them.</summary>
/// <param name="Channels">Its channels.</param>
/// <param name="Rank">How many axes it has; null where that is not known, and the channels are on the last.</param>
/// <param name="Axis">The axis of the channels; −1 for the last of a value of unknown rank.</param>
internal sealed record ChannelValue(int[] Channels, int? Rank, int Axis)
{
    /// <summary>Whether channels of both lie in the same place, so that they meet one by one.</summary>
    public bool IsAlignedWith(ChannelValue other) => Rank is not null && Rank == other.Rank && Axis == other.Axis;
}
