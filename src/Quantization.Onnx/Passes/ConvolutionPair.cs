using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>
/// Two convolutions in a row as one. The taps of the second one read results of the first one, so a tap j of the second and a tap i of the
/// first read the input at <c>s₁·d₂·j + d₁·i</c>, and the strides multiply.
/// </summary>
/// <param name="Groups">The groups of the single convolution.</param>
/// <param name="Kernel">The lengths of its kernel.</param>
/// <param name="Strides">Its strides.</param>
/// <param name="Dilations">Its dilations.</param>
/// <param name="Pads">Its padding: all beginnings, then all ends.</param>
/// <param name="FirstSteps">How far apart the taps of the first convolution lie in the kernel.</param>
/// <param name="SecondSteps">How far apart the taps of the second convolution lie in the kernel.</param>
internal sealed record ConvolutionPair(
    long Groups, long[] Kernel, long[] Strides, long[] Dilations, long[] Pads, long[] FirstSteps, long[] SecondSteps)
{
    /// <summary>Finds the single convolution.</summary>
    /// <param name="first">The convolution that is computed first.</param>
    /// <param name="firstSlot">Its weights.</param>
    /// <param name="second">The convolution that reads its result.</param>
    /// <param name="secondSlot">Its weights.</param>
    /// <returns>Null where a single convolution differs at the borders, or where it would have more weights than both.</returns>
    public static ConvolutionPair? Find(NodeProto first, WeightSlot firstSlot, NodeProto second, WeightSlot secondSlot)
    {
        int axes = firstSlot.Weight.Dims.Count - 2;
        long groups1 = first.GetInt("group", 1), groups2 = second.GetInt("group", 1);
        if (secondSlot.Weight.Dims.Count - 2 != axes || !SaysItsPadding(first) || !SaysItsPadding(second)
            || groups1 < 1 || groups2 < 1 || firstSlot.Channels % groups1 != 0 || secondSlot.Channels % groups2 != 0
            || secondSlot.Weight.Dims[1] * groups2 != firstSlot.Channels)
        {
            return null;
        }

        long[] kernel1 = [.. firstSlot.Weight.Dims.Skip(2)], kernel2 = [.. secondSlot.Weight.Dims.Skip(2)];
        long[] strides1 = first.GetInts("strides", axes, 1), strides2 = second.GetInts("strides", axes, 1);
        long[] dilations1 = first.GetInts("dilations", axes, 1), dilations2 = second.GetInts("dilations", axes, 1);
        long[] pads1 = first.GetInts("pads", 2 * axes, 0), pads2 = second.GetInts("pads", 2 * axes, 0);
        for (int axis = 0; axis < axes; axis++)
        {
            // Where the second one reads padded zeros, the first one would have to give zeros for an input of zeros.
            if ((pads2[axis] != 0 || pads2[axes + axis] != 0)
                && (kernel1[axis] != 1 || strides1[axis] != 1 || pads1[axis] != 0 || pads1[axes + axis] != 0
                    || firstSlot.Bias?.ReadFloats().Any(value => value != 0) == true))
            {
                return null;
            }
        }

        ConvolutionPair pair = new(
            Gcd(groups1, groups2),
            new long[axes],
            [.. strides1.Zip(strides2, (one, two) => one * two)],
            new long[axes],
            [.. pads1.Select((pad, i) => pad + (strides1[i % axes] * pads2[i]))],
            new long[axes],
            new long[axes]);
        for (int axis = 0; axis < axes; axis++)
        {
            long step1 = kernel1[axis] == 1 ? 0 : dilations1[axis];
            long step2 = kernel2[axis] == 1 ? 0 : strides1[axis] * dilations2[axis];
            long dilation = Math.Max(1, Gcd(step1, step2));
            (pair.FirstSteps[axis], pair.SecondSteps[axis]) = (step1 / dilation, step2 / dilation);
            pair.Dilations[axis] = dilation;
            pair.Kernel[axis] = ((kernel1[axis] - 1) * step1 / dilation) + ((kernel2[axis] - 1) * step2 / dilation) + 1;
        }

        Int128 weights = pair.Shape(first, firstSlot, secondSlot).Aggregate((Int128)1, (product, length) => product * length);
        return weights <= (Int128)firstSlot.Weight.CountElements()! + secondSlot.Weight.CountElements()! ? pair : null;
    }

    /// <summary>The shape of the single convolution's weights.</summary>
    public long[] Shape(NodeProto first, WeightSlot firstSlot, WeightSlot secondSlot) =>
        [secondSlot.Channels, firstSlot.Weight.Dims[1] * first.GetInt("group", 1) / Groups, .. Kernel];

    /// <summary>The weights of the single convolution.</summary>
    public float[] MakeWeights(NodeProto first, WeightSlot firstSlot, NodeProto second, WeightSlot secondSlot)
    {
        long[] shape = Shape(first, firstSlot, secondSlot);
        double[] sums = new double[shape.Aggregate((product, length) => product * length)];
        float[] weights1 = firstSlot.Weight.ReadFloats(), weights2 = secondSlot.Weight.ReadFloats();
        int[] places1 = PlacesOf(firstSlot.Weight, FirstSteps), places2 = PlacesOf(secondSlot.Weight, SecondSteps);
        int inputs1 = (int)firstSlot.Weight.Dims[1], inputs2 = (int)secondSlot.Weight.Dims[1];
        int taps = (int)(sums.Length / (shape[0] * shape[1]));
        long outputsOfGroup1 = firstSlot.Channels / first.GetInt("group", 1);
        long outputsOfGroup2 = secondSlot.Channels / second.GetInt("group", 1), outputsOfGroup = secondSlot.Channels / Groups;
        for (int i = 0; i < weights2.Length; i++)
        {
            int output = i / places2.Length / inputs2;
            int middle = ((int)(output / outputsOfGroup2) * inputs2) + (i / places2.Length % inputs2);
            int start = (int)((output * shape[1]) + (middle / outputsOfGroup1 * inputs1) - (output / outputsOfGroup * shape[1])) * taps;
            for (int k = 0; k < inputs1 * places1.Length; k++)
            {
                sums[start + (k / places1.Length * taps) + places1[k % places1.Length] + places2[i % places2.Length]] +=
                    (double)weights2[i] * weights1[(middle * inputs1 * places1.Length) + k];
            }
        }

        return [.. sums.Select(sum => (float)sum)];
    }

    /// <summary>The bias of the single convolution; null where neither has one.</summary>
    public static float[]? MakeBias(WeightSlot firstSlot, NodeProto second, WeightSlot secondSlot)
    {
        if (firstSlot.Bias is null)
        {
            return secondSlot.Bias?.ReadFloats();
        }

        float[] bias1 = firstSlot.Bias.ReadFloats(), weights2 = secondSlot.Weight.ReadFloats();
        double[] sums = secondSlot.Bias is { } bias2
            ? [.. bias2.ReadFloats().Select(value => (double)value)]
            : new double[secondSlot.Channels];
        int inputs2 = (int)secondSlot.Weight.Dims[1], taps = weights2.Length / sums.Length / inputs2;
        long outputsOfGroup2 = secondSlot.Channels / second.GetInt("group", 1);
        for (int i = 0; i < weights2.Length; i++)
        {
            int output = i / taps / inputs2;
            sums[output] += (double)weights2[i] * bias1[((output / outputsOfGroup2) * inputs2) + (i / taps % inputs2)];
        }

        return [.. sums.Select(sum => (float)sum)];
    }

    /// <summary>Where each tap of a kernel lies in the kernel of the single convolution, flat.</summary>
    private int[] PlacesOf(TensorProto weight, long[] steps)
    {
        int[] places = [0];
        for (int axis = 0; axis < steps.Length; axis++)
        {
            int[] taps = [.. Enumerable.Range(0, (int)weight.Dims[2 + axis]).Select(tap => tap * (int)steps[axis])];
            places = [.. places.SelectMany(place => taps.Select(tap => (place * (int)Kernel[axis]) + tap))];
        }

        return places;
    }

    private static bool SaysItsPadding(NodeProto conv) => conv.GetText("auto_pad", "NOTSET") is "NOTSET" or "VALID";

    private static long Gcd(long a, long b) => b == 0 ? a : Gcd(b, a % b);
}
