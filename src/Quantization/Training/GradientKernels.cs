using System.Runtime.Intrinsics;

namespace Quantization;

/// <summary>
/// The loops of the gradients. They are written in vectors of sixteen lanes regardless of the machine's vector width, so that sums run in
/// the same order, and give the same bits, everywhere; a last part that does not fill a vector is padded with zeros, which add nothing.
/// </summary>
internal static unsafe class GradientKernels
{
    private static readonly int Lanes = Vector512<float>.Count;

    /// <summary>The values whose sum is carried in single precision: 64 terms a lane.</summary>
    private const int Block = 1024;

    /// <summary><c>result[i] = g[i]</c> where <c>x[i] / scale</c> lies in the range, else 0.</summary>
    public static void Clip(float* x, float* g, float* result, nint count, ClippingRange range)
    {
        nint i = 0;
        for (; i <= count - Lanes; i += Lanes)
        {
            Clip(Vector512.Load(x + i), Vector512.Load(g + i), range).Store(result + i);
        }

        if (i < count)
        {
            Vector512<float> last = Clip(LoadPadded(x + i, count - i), LoadPadded(g + i, count - i), range);
            StoreFirst(last, result + i, count - i);
        }
    }

    /// <summary>
    /// As <see cref="Clip(float*, float*, float*, nint, ClippingRange)"/>; returns the gradient with respect to the scale.
    /// </summary>
    public static double ClipAndSum(float* x, float* g, float* result, nint count, ClippingRange range)
    {
        Vector512<double> lower = Vector512<double>.Zero, upper = Vector512<double>.Zero;
        nint i = 0;
        while (i < count)
        {
            Vector512<float> sum = Vector512<float>.Zero;
            nint end = nint.Min(i + Block, count);
            for (; i <= end - Lanes; i += Lanes)
            {
                Vector512<float> values = Vector512.Load(x + i), gradients = Vector512.Load(g + i);
                sum += ScaleTerm(values, gradients, range);
                Clip(values, gradients, range).Store(result + i);
            }

            if (i < end)
            {
                Vector512<float> values = LoadPadded(x + i, end - i), gradients = LoadPadded(g + i, end - i);
                sum += ScaleTerm(values, gradients, range);
                StoreFirst(Clip(values, gradients, range), result + i, end - i);
                i = end;
            }

            lower += Vector512.WidenLower(sum);
            upper += Vector512.WidenUpper(sum);
        }

        return SumInOrder(lower + upper);
    }

    /// <summary>The sum of the lanes from the first to the last: <see cref="Vector512.Sum"/> leaves the order to the machine.</summary>
    public static double SumInOrder(Vector512<double> lanes)
    {
        double sum = 0;
        for (int lane = 0; lane < Vector512<double>.Count; lane++)
        {
            sum += lanes.GetElement(lane);
        }

        return sum;
    }

    public static Vector512<float> LoadPadded(float* source, nint count)
    {
        float* padded = stackalloc float[Vector512<float>.Count];
        new Span<float>(padded, Lanes).Clear();
        new ReadOnlySpan<float>(source, (int)count).CopyTo(new Span<float>(padded, Lanes));
        return Vector512.Load(padded);
    }

    public static void StoreFirst(Vector512<float> vector, float* destination, nint count)
    {
        for (int lane = 0; lane < count; lane++)
        {
            destination[lane] = vector.GetElement(lane);
        }
    }

    private static Vector512<float> Clip(Vector512<float> values, Vector512<float> gradients, ClippingRange range)
    {
        Vector512<float> quotients = values / Vector512.Create(range.Scale);
        return gradients & Vector512.GreaterThanOrEqual(quotients, Vector512.Create(range.Low)) & Vector512.LessThanOrEqual(
            quotients, Vector512.Create(range.High));
    }

    private static Vector512<float> ScaleTerm(Vector512<float> values, Vector512<float> gradients, ClippingRange range)
    {
        Vector512<float> quotients = values / Vector512.Create(range.Scale);
        Vector512<float> low = Vector512.Create(range.Low), high = Vector512.Create(range.High);
        Vector512<float> below = Vector512.LessThan(quotients, low), above = Vector512.GreaterThan(quotients, high);

        // NaN is neither below nor above nor equal to itself; its quotient is cleared before it is rounded.
        Vector512<float> inside = quotients & Vector512.Equals(quotients, quotients) & ~below & ~above;
        Vector512<float> term = Vector512.Round(inside) - inside;
        return gradients * (term + (low & below) + (high & above));
    }
}
