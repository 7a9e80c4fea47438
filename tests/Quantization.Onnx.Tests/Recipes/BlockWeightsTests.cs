using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests.Quantizing;

namespace Quantization.Onnx.Tests.Recipes;

/// <summary>Weights in blocks: what is stored, what runs, and what it computes.</summary>
public sealed class BlockWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<int, int, QuantizationScheme, bool, bool> Forms
    {
        get
        {
            TheoryData<int, int, QuantizationScheme, bool, bool> data = [];
            foreach ((int bits, int block) in (ReadOnlySpan<(int, int)>)[(2, 16), (2, 32), (4, 16), (4, 32), (4, 128), (8, 64), (8, 256)])
            {
                data.Add(bits, block, QuantizationScheme.Affine, true, false);
                data.Add(bits, block, QuantizationScheme.Symmetric, true, true);
                data.Add(bits, block, QuantizationScheme.Affine, false, true);
            }

            return data;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Forms))]
    public void Codes_scales_and_zero_points_are_those_of_a_slow_reference(
        int bits, int block, QuantizationScheme scheme, bool isSearched, bool isTransposed)
    {
        const int Inputs = 84, Outputs = 21;
        float[] weights = RandomTensors.Normal(bits + block, Inputs * Outputs, 0.2);
        weights.AsSpan(0, block).Clear(); // rows of zeros
        string path = Product(weights, Inputs, Outputs, isTransposed).Save(_folder.PathTo("model.onnx"));

        ModelProto written = Quantize(path, new WeightOnlyOptions
        {
            Bits = bits, BlockSize = block, BlockScheme = scheme, WeightCalibrator = isSearched ? new MseCalibrator() : new MaxCalibrator(),
        });

        NodeProto product = written.Graph.Node.Single(node => node.OpType == "MatMulNBits");
        block = Math.Min(block, 128); // longer blocks would hold nothing but padding
        int blocks = (Inputs + block - 1) / block;
        byte[] codes = Find(written, product.Input[1]).RawData.ToByteArray();
        float[] scales = Find(written, product.Input[2]).ReadFloats();
        byte[]? zeroPoints = scheme == QuantizationScheme.Affine ? Find(written, product.Input[3]).RawData.ToByteArray() : null;
        codes.Length.Should().Be(Outputs * blocks * block * bits / 8);
        for (int output = 0; output < Outputs; output++)
        {
            for (int b = 0; b < blocks; b++)
            {
                float[] values = [.. Enumerable.Range(b * block, Math.Min(block, Inputs - b * block))
                    .Select(input => weights[isTransposed ? output * Inputs + input : input * Outputs + output])];
                (float scale, int zeroPoint, int[] expected) = SlowBlocks.Quantize(
                    values, null, bits, scheme == QuantizationScheme.Affine, isSearched);
                scales[output * blocks + b].Should().Be(scale);
                Unpack(codes, (output * blocks + b) * block, bits, values.Length).Should().Equal(expected);
                if (zeroPoints is not null)
                {
                    int rowBytes = (blocks * bits + 7) / 8;
                    Unpack(zeroPoints[(output * rowBytes)..((output + 1) * rowBytes)], b, bits, 1).Should().Equal(zeroPoint);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void ONNX_Runtime_multiplies_by_what_the_codes_stand_for(
        int bits, int block, QuantizationScheme scheme, bool isSearched, bool isTransposed)
    {
        const int Inputs = 84, Outputs = 21;
        float[] weights = RandomTensors.Normal(bits + block, Inputs * Outputs, 0.2);
        string path = Product(weights, Inputs, Outputs, isTransposed).Save(_folder.PathTo("model.onnx"));
        float[] identity = [.. Enumerable.Range(0, Inputs * Inputs).Select(i => i / Inputs == i % Inputs ? 1f : 0)];
        foreach (int level in (ReadOnlySpan<int>)[0, 1, 4])
        {
            ModelProto written = Quantize(path, new WeightOnlyOptions
            {
                Bits = bits, BlockSize = block, BlockScheme = scheme, AccuracyLevel = level, WeightCalibrator = isSearched
                    ? new MseCalibrator() : new MaxCalibrator(),
            });

            float[] product = ModelRun.Floats(written, identity, Inputs, Inputs)[0];

            for (int output = 0; output < Outputs; output++)
            {
                for (int b = 0; b < (Inputs + block - 1) / block; b++)
                {
                    int[] inputs = [.. Enumerable.Range(b * block, Math.Min(block, Inputs - b * block))];
                    float[] values = [.. inputs.Select(
                        input => weights[isTransposed ? output * Inputs + input : input * Outputs + output])];
                    (float scale, int zeroPoint, int[] codes) = SlowBlocks.Quantize(
                        values, null, bits, scheme == QuantizationScheme.Affine, isSearched);
                    for (int i = 0; i < inputs.Length; i++)
                    {
                        float expected = (codes[i] - zeroPoint) * scale;
                        product[inputs[i] * Outputs + output].Should()
                            .BeApproximately(expected, level == 4 ? Math.Abs(scale) * 1e-4f : 0, $"of level {level}");
                    }
                }
            }
        }
    }

    private static ModelBuilder Product(float[] weights, int inputs, int outputs, bool isTransposed) => isTransposed
        ? new ModelBuilder().Input("x", -1, inputs).Constant("w", weights, outputs, inputs)
            .Node("Gemm", ["x", "w"], "y", ModelBuilder.Int("transB", 1)).Output("y", -1, outputs)
        : new ModelBuilder().Input("x", -1, inputs).Constant("w", weights, inputs, outputs).Node("MatMul", ["x", "w"], "y")
            .Output("y", -1, outputs);

    private static int[] Unpack(byte[] packed, int first, int bits, int count) =>
        [.. Enumerable.Range(first, count).Select(i => (packed[i * bits / 8] >> (i * bits % 8)) & ((1 << bits) - 1))];

    private static TensorProto Find(ModelProto model, string name) => model.Graph.Initializer.Single(tensor => tensor.Name == name);

    private ModelProto Quantize(string path, WeightOnlyOptions options)
    {
        string output = _folder.PathTo("out.onnx");
        WeightQuantizer.Quantize(path, output, options);
        return ModelFile.Load(output).Model;
    }
}
