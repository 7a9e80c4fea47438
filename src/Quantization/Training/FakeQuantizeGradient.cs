using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Quantization.Kernels;

namespace Quantization;

/// <summary>
/// The gradients of fake quantization, <c>x̂ = (clamp(round(x / scale) + zeroPoint, MinCode, MaxCode) − zeroPoint) · scale</c>, for
/// training. Rounding has gradient 0 almost everywhere, so it is passed over as if it were the identity (the straight-through estimator of
/// Bengio, Léonard and Courville, 2013, arXiv:1308.3432); the clamp keeps its gradient. With <c>q = x / scale</c>, a value lies inside the
/// clipping range where <c>MinCode − zeroPoint ≤ q ≤ MaxCode − zeroPoint</c>. NaN, which quantizes to 0, lies outside. Results are the same
/// bits at every vector width.
/// </summary>
public static unsafe class FakeQuantizeGradient
{
    /// <summary>
    /// The gradient with respect to the values: <c>sourceGradient[i] = outputGradient[i]</c> where <c>source[i]</c> lies inside the
    /// clipping range of its group, else 0.
    /// </summary>
    /// <param name="quantizer">The mapping of the forward pass.</param>
    /// <param name="source">The values of the forward pass.</param>
    /// <param name="outputGradient">The gradient of the loss with respect to the fake-quantized values, of the same shape.</param>
    /// <param name="sourceGradient">
    /// Receives the gradient with respect to the values; it may be <paramref name="outputGradient"/> or <paramref name="source"/>.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The shapes differ, or do not fit the quantizer's granularity; a destination overlaps an input elsewhere than at its start.
    /// </exception>
    public static void StraightThrough(
        UniformQuantizer quantizer, in ReadOnlyTensorSpan<float> source, in ReadOnlyTensorSpan<float> outputGradient,
        in TensorSpan<float> sourceGradient) =>
        Run(quantizer, source, outputGradient, sourceGradient, []);

    /// <summary>
    /// The gradients with respect to the values, as
    /// <see cref="StraightThrough(UniformQuantizer, in ReadOnlyTensorSpan{float}, in ReadOnlyTensorSpan{float}, in TensorSpan{float})"/>,
    /// and to the scales, as LSQ defines it (Esser et al., 2020, arXiv:1902.08153, equation 3): each value of the group adds
    /// <c>outputGradient[i] · (round(q) − q)</c> inside the clipping range, <c>outputGradient[i] · (MinCode − zeroPoint)</c> below it and
    /// <c>outputGradient[i] · (MaxCode − zeroPoint)</c> above it. NaN adds 0. Sums are carried in sixteen lanes of single precision for
    /// runs of 1,024 values, and in double precision beyond. Multiply them by <see cref="LearnedStepSize.GradientScale"/> as LSQ does, so
    /// that steps and weights learn at the same pace.
    /// </summary>
    /// <param name="quantizer">The mapping of the forward pass.</param>
    /// <param name="source">The values of the forward pass.</param>
    /// <param name="outputGradient">The gradient of the loss with respect to the fake-quantized values, of the same shape.</param>
    /// <param name="sourceGradient">
    /// Receives the gradient with respect to the values; it may be <paramref name="outputGradient"/> or <paramref name="source"/>.
    /// </param>
    /// <param name="scaleGradients">Receives the gradient with respect to each scale of the quantizer.</param>
    /// <exception cref="ArgumentException">
    /// The shapes differ, or do not fit the quantizer's granularity or the number of scales; a destination overlaps an input elsewhere than
    /// at its start.
    /// </exception>
    public static void LearnedScale(
        UniformQuantizer quantizer, in ReadOnlyTensorSpan<float> source, in ReadOnlyTensorSpan<float> outputGradient,
        in TensorSpan<float> sourceGradient, Span<double> scaleGradients)
    {
        ArgumentNullException.ThrowIfNull(quantizer);
        if (scaleGradients.Length != quantizer.Parameters.Count)
        {
            throw new ArgumentException(
                $"The quantizer has {quantizer.Parameters.Count} scales; there is room for {scaleGradients.Length} gradients.",
                nameof(scaleGradients));
        }

        scaleGradients.Clear();
        Run(quantizer, source, outputGradient, sourceGradient, scaleGradients);
    }

    /// <summary>
    /// The gradient with respect to values in spans, which are taken as tensors of one axis; see the overload of tensors.
    /// </summary>
    /// <param name="quantizer">The mapping of the forward pass.</param>
    /// <param name="source">The values of the forward pass.</param>
    /// <param name="outputGradient">The gradient of the loss with respect to the fake-quantized values, as many as values.</param>
    /// <param name="sourceGradient">
    /// Receives the gradient with respect to the values; it may be <paramref name="outputGradient"/> or <paramref name="source"/>.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The lengths differ, or the quantizer's granularity does not fit a vector; a destination overlaps an input elsewhere than at its
    /// start.
    /// </exception>
    // Arrays convert to spans and to tensors: they take the overload of tensors.
    [OverloadResolutionPriority(-1)]
    public static void StraightThrough(
        UniformQuantizer quantizer, ReadOnlySpan<float> source, ReadOnlySpan<float> outputGradient, Span<float> sourceGradient) =>
        StraightThrough(
            quantizer,
            new ReadOnlyTensorSpan<float>(source),
            new ReadOnlyTensorSpan<float>(outputGradient),
            new TensorSpan<float>(sourceGradient));

    /// <summary>
    /// The gradients with respect to values in spans, which are taken as tensors of one axis, and to the scales; see the overload of
    /// tensors.
    /// </summary>
    /// <param name="quantizer">The mapping of the forward pass.</param>
    /// <param name="source">The values of the forward pass.</param>
    /// <param name="outputGradient">The gradient of the loss with respect to the fake-quantized values, as many as values.</param>
    /// <param name="sourceGradient">
    /// Receives the gradient with respect to the values; it may be <paramref name="outputGradient"/> or <paramref name="source"/>.
    /// </param>
    /// <param name="scaleGradients">Receives the gradient with respect to each scale of the quantizer.</param>
    /// <exception cref="ArgumentException">
    /// The lengths differ, or the granularity or the number of scales does not fit; a destination overlaps an input elsewhere than at its
    /// start.
    /// </exception>
    [OverloadResolutionPriority(-1)]
    public static void LearnedScale(
        UniformQuantizer quantizer,
        ReadOnlySpan<float> source,
        ReadOnlySpan<float> outputGradient,
        Span<float> sourceGradient,
        Span<double> scaleGradients) =>
        LearnedScale(
            quantizer,
            new ReadOnlyTensorSpan<float>(source),
            new ReadOnlyTensorSpan<float>(outputGradient),
            new TensorSpan<float>(sourceGradient),
            scaleGradients);

    private static void Run(
        UniformQuantizer quantizer, in ReadOnlyTensorSpan<float> source, in ReadOnlyTensorSpan<float> outputGradient,
        in TensorSpan<float> sourceGradient, Span<double> scaleGradients)
    {
        ArgumentNullException.ThrowIfNull(quantizer);
        ReadOnlySpan<float> scales = quantizer.Parameters.Scales;
        ReadOnlySpan<int> zeroPoints = quantizer.Parameters.ZeroPoints;
        RunLayout layout = TensorChecks.Layout(quantizer.Granularity, scales.Length, source.Lengths, nameof(source));
        TensorChecks.ThrowUnlessSameShape(source.Lengths, outputGradient.Lengths, nameof(outputGradient));
        TensorChecks.ThrowUnlessSameShape(source.Lengths, sourceGradient.Lengths, nameof(sourceGradient));
        using DenseSource<float> denseSource = new(source);
        using DenseSource<float> denseOutput = new(outputGradient);
        using DenseDestination<float> denseResult = new(sourceGradient);
        fixed (float* x = denseSource.Elements)
        fixed (float* g = denseOutput.Elements)
        fixed (float* result = denseResult.Elements)
        {
            nint bytes = layout.Length * sizeof(float);
            Overlap.ThrowUnlessDisjointOrInPlace(x, bytes, result, bytes, nameof(sourceGradient));
            Overlap.ThrowUnlessDisjointOrInPlace(g, bytes, result, bytes, nameof(sourceGradient));
            for (nint i = 0; i < layout.RunCount; i++)
            {
                Run run = layout.GetRun(i);
                nint step = layout.ParameterPerElement ? 1 : run.Count;
                for (nint offset = 0; offset < run.Count; offset += step)
                {
                    int p = (int)(layout.ParameterPerElement ? run.Parameter + offset : run.Parameter);
                    nint at = run.Start + offset;
                    ClippingRange range = new(quantizer.Format, scales[p], zeroPoints[p]);
                    if (scaleGradients.IsEmpty)
                    {
                        GradientKernels.Clip(x + at, g + at, result + at, step, range);
                    }
                    else
                    {
                        scaleGradients[p] += GradientKernels.ClipAndSum(x + at, g + at, result + at, step, range);
                    }
                }
            }
        }

        denseResult.Complete();
    }
}
