namespace Quantization.Kernels;

/// <summary>Consecutive elements that a kernel handles in one call.</summary>
/// <param name="Start">The first element, in row-major order.</param>
/// <param name="Count">How many elements.</param>
/// <param name="Parameter">
/// The parameter of all elements; or of the first one, where each element has its own (<see cref="RunLayout.Lookup"/>).
/// </param>
internal readonly record struct Run(nint Start, nint Count, nint Parameter);
