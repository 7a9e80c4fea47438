using System.Numerics.Tensors;

namespace Quantization.Tests.Quantizers;

/// <summary>Every granularity against the definition: look up each element's parameter by its indexes.</summary>
public class GranularityTests
{
    public static TheoryData<int[], int, int> Cases()
    {
        TheoryData<int[], int, int> cases = [];
        foreach (int[] shape in (int[][])[[7], [1], [5, 70], [3, 4, 5], [2, 3, 1], [4, 1, 6], [2, 3, 4, 33], [3, 2, 64], [2, 2, 8, 24],
            [300, 3], [41, 48], [5, 128], [0, 3], [3, 0]])
        {
            for (int axis = -shape.Length; axis < shape.Length; axis++)
            {
                foreach (int blockSize in (int[])[0, 1, 2, 3, 32, 64, 100])
                {
                    cases.Add(shape, axis, blockSize);
                }
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_element_uses_the_parameter_of_its_group(int[] shape, int axis, int blockSize)
    {
        nint[] lengths = Array.ConvertAll(shape, length => (nint)length);
        int elements = shape.Aggregate(1, (product, length) => product * length);
        Granularity granularity = blockSize == 0 ? Granularity.PerChannel(axis) : Granularity.PerBlock(axis, blockSize);
        nint[] parameterShape = granularity.GetParameterShape(lengths);
        int parameterCount = (int)parameterShape.Aggregate((nint)1, (product, length) => product * length);
        if (parameterCount == 0)
        {
            return;
        }

        Random random = new(elements + axis);
        float[] values = Enumerable.Range(0, elements).Select(_ => (random.NextSingle() - 0.5f) * 40).ToArray();
        float[] scales = Enumerable.Range(0, parameterCount).Select(_ => 0.01f + random.NextSingle()).ToArray();
        int[] zeroPoints = Enumerable.Range(0, parameterCount).Select(_ => random.Next(-8, 8)).ToArray();

        foreach (CodeFormat format
            in (CodeFormat[])[CodeFormat.Int8, CodeFormat.Int16, CodeFormat.Int4, CodeFormat.Signed(5), CodeFormat.Int32])
        {
            AffineQuantizer quantizer = new(format, new QuantizationParameters(scales, zeroPoints), granularity);
            byte[] codes = new byte[format.GetByteCount(elements)];
            float[] back = new float[elements];
            float[] fake = new float[elements];
            quantizer.Quantize(new ReadOnlyTensorSpan<float>(values, lengths), new TensorSpan<byte>(codes));
            quantizer.Dequantize(new ReadOnlyTensorSpan<byte>(codes), new TensorSpan<float>(back, lengths));
            quantizer.FakeQuantize(new ReadOnlyTensorSpan<float>(values, lengths), new TensorSpan<float>(fake, lengths));
            for (int i = 0; i < elements; i++)
            {
                int p = ParameterOf(i, shape, axis < 0 ? axis + shape.Length : axis, blockSize);
                int code = (int)Math.Clamp(
                    Math.Round((double)(values[i] / scales[p]), MidpointRounding.ToEven) + zeroPoints[p], format.MinCode, format.MaxCode);
                CodeAt(codes, format, i).Should().Be(code);
                back[i].Should().Be((code - zeroPoints[p]) * scales[p]);
                fake[i].Should().Be(back[i]);
            }
        }
    }

    private static int ParameterOf(int element, int[] shape, int axis, int blockSize)
    {
        int[] index = new int[shape.Length];
        for (int d = shape.Length - 1; d >= 0; d--)
        {
            (element, index[d]) = Math.DivRem(element, shape[d]);
        }

        if (blockSize == 0)
        {
            return index[axis];
        }

        int parameter = 0;
        for (int d = 0; d < shape.Length; d++)
        {
            parameter = d == axis
                ? parameter * ((shape[d] + blockSize - 1) / blockSize) + index[d] / blockSize
                : parameter * shape[d] + index[d];
        }

        return parameter;
    }

    private static int CodeAt(byte[] codes, CodeFormat format, int index) => format.Type switch
    {
        CodeType.Int8 => (sbyte)codes[index],
        CodeType.Int16 => BitConverter.ToInt16(codes, index * 2),
        CodeType.Int32 => BitConverter.ToInt32(codes, index * 4),
        _ => (index % 2 == 0 ? codes[index / 2] & 15 : codes[index / 2] >> 4) is int half && half > 7 ? half - 16 : half,
    };
}
