using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Quantization.Onnx;
using Quantization.Onnx.Protos;

namespace Quantization.Benchmarks.LanguageModels;

/// <summary>
/// How fast the loops of rounding in blocks are, as a share of the fused multiply-adds that the same core can do. Each has to reach 0.4.
/// Bind the process to one core (<c>taskset -c 0</c>): sums of products use all that there are.
/// </summary>
internal static class RoundingSpeed
{
    private const int Inputs = 2048;
    private const int Rows = 256;
    private const double Target = 0.4;
    private const int Turns = 100_000;
    private const int Rounds = 200;

    public static int Run()
    {
        Random random = new(1);
        float[] rows = [.. Enumerable.Range(0, Rows * Inputs).Select(_ => random.NextSingle() - 0.5f)];
        GramSum sum = new(Inputs);
        for (int i = 0; i < Inputs / Rows + 1; i++)
        {
            sum.Add(rows);
        }

        GramMatrix gram = sum.Finish();
        int outputs = GptqSlice.Width;
        float[] weights = [.. Enumerable.Range(0, Inputs * outputs).Select(_ => random.NextSingle() - 0.5f)];
        BlockShape shape = new(Inputs, outputs, 32, 4);
        BlockProblem problem = new(
            new MatrixReader(TensorData.Make<float>(TensorProto.Types.DataType.Float, weights, Inputs, outputs), isTransposed: false),
            shape,
            new BlockGrid(15, IsAffine: true, 8, TensorProto.Types.DataType.Float, IsSearched: true));
        GramSum adding = new(Inputs);
        GptqSteps steps = new(problem, gram, CancellationToken.None);
        QuantizedBlocks ranges = new NearestRounder().Round(problem, CancellationToken.None)!;
        GptqSlice slice = new(shape);
        BlockGrid grid = problem.Grid;
        byte[] packed = new byte[weights.Length / 2];
        float[] scales = new float[weights.Length / shape.Size];
        double[] seconds = Measure(
            () => Peak(Turns),
            () => adding.Add(rows),
            () => slice.Round(steps, 0, ranges),
            () => RunKernel(new BlockKernel(shape, grid with { IsSearched = false }), weights, shape),
            () => RunKernel(new BlockKernel(shape, grid), weights, shape),
            () => RunKernel(new BlockKernel(shape, grid, gram), weights, shape),
            () => new NearestRounder().Round(problem with { Grid = grid with { IsSearched = false } }, CancellationToken.None),
            () => QuantizationPrimitives.DynamicQuantizeRows(weights, shape.Size, CodeFormat.Int4, packed, scales));
        double limit = Turns * 10 * 2.0 * Vector256<float>.Count / seconds[0];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{limit / 1e9:0.0} thousand million operations a second at most, as fused multiply-adds of 32-bit floats"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"MatMulNBits, ranges that hold all weights: {weights.Length / seconds[6] / 1e9:0.00} G weights/s "
                + $"({weights.Length / seconds[3] / 1e9:0.00} without storing them); "
                + $"int4 rows of 32: {weights.Length / seconds[7] / 1e9:0.00}"));
        Console.WriteLine("\n| loop | operations | share of the most |\n|---|---:|---:|");

        // A multiply-add counts for two. A range: scale, round, two limits, scale back, difference, square and sum.
        const double Range = 8 * BlockKernel.Steps;
        return Print("sums of x · xᵀ", (double)Rows * Inputs * (Inputs + 1), seconds[1])
            + Print("GPTQ's updates", (double)Inputs * weights.Length, seconds[2])
            + Print("errors of weights, all ranges", Range * weights.Length, seconds[4] - seconds[3])
            + Print(
                "errors of outputs, all ranges",
                (Range + BlockKernel.Steps * (shape.Size - 1.0 + 4)) * weights.Length,
                seconds[5] - seconds[3]);

        int Print(string name, double operations, double time)
        {
            double share = operations / time / limit;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {operations / 1e9:0.00} · 10⁹ | {share:0.00} |"));
            return share >= Target ? 0 : 1;
        }
    }

    /// <summary>The shortest time of each action, in turn: what else the machine does only makes times longer.</summary>
    private static double[] Measure(params Action[] actions)
    {
        double[] shortest = [.. actions.Select(_ => double.PositiveInfinity)];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < actions.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                actions[i]();
                shortest[i] = Math.Min(shortest[i], Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }

        return shortest;
    }

    /// <summary>Rounds a matrix block by block, without putting the codes anywhere.</summary>
    private static void RunKernel(BlockKernel kernel, float[] weights, BlockShape shape)
    {
        Span<float> scales = stackalloc float[BlockKernel.Lanes], zeroPoints = stackalloc float[BlockKernel.Lanes];
        Span<float> noise = stackalloc float[BlockKernel.Lanes], signal = stackalloc float[BlockKernel.Lanes];
        Span<uint> words = stackalloc uint[BlockKernel.Lanes * shape.Size / shape.CodesPerWord];
        for (int block = 0; block < shape.Blocks; block++)
        {
            for (int output = 0; output < shape.Outputs; output += BlockKernel.Lanes)
            {
                int first = block * shape.Size;
                kernel.Quantize(
                    weights.AsSpan(
                        first * shape.Outputs + output), shape.Outputs, first, shape.Size, [], scales, zeroPoints, words, noise, signal);
            }
        }
    }

    /// <summary>Repeats ten multiply-adds of eight floats. None waits for another.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)] // where nobody takes the result, nothing would be computed
    private static float Peak(int count)
    {
        // Each chain begins with another number: the compiler would compute equal chains once.
        Vector256<float> factor = Vector256.Create(0.999f), a = factor, b = a + a, c = b + a, d = c + a, e = d + a, f = e + a, g = f + a,
            h = g + a, i = h + a, j = i + a;
        for (int n = 0; n < count; n++)
        {
            a = Vector256.FusedMultiplyAdd(a, factor, factor);
            b = Vector256.FusedMultiplyAdd(b, factor, factor);
            c = Vector256.FusedMultiplyAdd(c, factor, factor);
            d = Vector256.FusedMultiplyAdd(d, factor, factor);
            e = Vector256.FusedMultiplyAdd(e, factor, factor);
            f = Vector256.FusedMultiplyAdd(f, factor, factor);
            g = Vector256.FusedMultiplyAdd(g, factor, factor);
            h = Vector256.FusedMultiplyAdd(h, factor, factor);
            i = Vector256.FusedMultiplyAdd(i, factor, factor);
            j = Vector256.FusedMultiplyAdd(j, factor, factor);
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j);
    }
}
