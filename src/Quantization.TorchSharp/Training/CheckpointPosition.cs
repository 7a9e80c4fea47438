namespace Quantization.TorchSharp;

/// <summary>Where a training run stood when its checkpoint was written.</summary>
/// <param name="Epoch">The epoch, as the caller counts.</param>
/// <param name="Step">The step, as the caller counts.</param>
public sealed record CheckpointPosition(int Epoch, long Step);
