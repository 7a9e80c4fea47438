namespace Quantization.Onnx;

/// <summary>What a matrix takes and loses with some bits.</summary>
/// <param name="Bits">The bits of a code.</param>
/// <param name="Cost">What it takes of the budget.</param>
/// <param name="Error">The energy of the error as a share of the signal's.</param>
internal readonly record struct BitChoice(int Bits, double Cost, double Error);
