namespace Quantization.Onnx;

/// <summary>What the weights of a model may take when layers get bits of their own. One of both is given.</summary>
/// <param name="MaxBytes">The most bytes of the model's file, with its data beside it; null where that does not matter.</param>
/// <param name="BitsPerWeight">The most bits of a code, as the mean over all weights of products; null where that does not matter.</param>
internal sealed record BitBudget(long? MaxBytes, double? BitsPerWeight);
