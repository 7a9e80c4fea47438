namespace Quantization.TorchSharp;

/// <summary>A layer whose result a student learns from its teacher.</summary>
/// <param name="Student">The module's path in the student, as <c>named_modules()</c> tells it.</param>
/// <param name="Teacher">
/// The module's path in the teacher. A quantized layer with a folded BatchNorm gives what the BatchNorm gives in the teacher.
/// </param>
/// <param name="Weight">What the layer's loss, <c>Σ(s − t)² / Σt²</c>, is multiplied with.</param>
public sealed record DistilledLayer(string Student, string Teacher, double Weight = 1);
