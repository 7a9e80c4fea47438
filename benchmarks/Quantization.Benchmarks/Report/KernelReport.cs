using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using Quantization.Oracles;
using ElementType = Microsoft.ML.OnnxRuntime.Tensors.TensorElementType;

namespace Quantization.Benchmarks.Report;

/// <summary>
/// Measures every target of the kernels in one process, turn by turn beside ONNX Runtime's operators and memory-limit loops, and writes <c>benchmarks/results/&lt;cpu&gt;.md</c>. One thread unless said.
/// </summary>
internal static unsafe class KernelReport
{
    private const nint Small = 64 << 10;
    private const nint Medium = 1 << 20;
    private const nint Large = 16 << 20;
    private const nint Columns = 1024;

    public static int Run(string? path)
    {
        Stopwatch watch = Stopwatch.StartNew();
        ReportTable table = new();
        Quantize(table);
        Dequantize(table);
        FakeQuantize(table);
        Blocks(table);
        Packed(table);
        Reductions(table);
        Products(table);
        Threads(table);
        string cpu = Processor();
        path ??= Path.Combine("benchmarks", "results", string.Concat(cpu.Select(letter => char.IsLetterOrDigit(letter) ? char.ToLowerInvariant(letter) : '-')).Trim('-') + ".md");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, string.Create(
            CultureInfo.InvariantCulture,
            $"# Kernels on {cpu}\n\nWritten by `dotnet run -c Release --project benchmarks/Quantization.Benchmarks -- report` on .NET {Environment.Version} in {watch.Elapsed.TotalSeconds:F0} s; {Environment.ProcessorCount} processors. Medians of interleaved turns in one process; throughput counts the bytes that an operation must read and write. \"Limit\" is a loop of the same traffic that computes next to nothing, the faster of ordinary and non-temporal stores. ONNX Runtime 1.31.1, one thread, its memory given beforehand.\n{table}\n{table.Missed} targets missed.\n"));
        Console.WriteLine($"\n{path}: {table.Missed} targets missed, {watch.Elapsed.TotalSeconds:F0} s");
        return 0;
    }

    private static void Quantize(ReportTable table)
    {
        table.Section("float → int8");
        foreach ((nint count, double target) in ((nint, double)[])[(Small, 1.5), (Medium, 1.1), (Large, 1.3)])
        {
            nint rows = count / Columns;
            using NativeBuffer values = NativeBuffer.OfFloats(count, 20);
            using NativeBuffer codes = new(count);
            using NativeBuffer theirs = new(count);
            double bytes = count * 5.0;
            AffineQuantizer perTensor = AffineQuantizer.FromRange(new ValueRange(-9, 10), CodeFormat.Int8);
            AffineQuantizer axis0 = PerChannel(rows, 0);
            AffineQuantizer axis1 = PerChannel(Columns, 1);
            using OnnxOperator theirTensor = QuantizeOperator(values, theirs, [count], perTensor);
            using OnnxOperator theirAxis0 = QuantizeOperator(values, theirs, [rows, Columns], axis0);
            using OnnxOperator theirAxis1 = QuantizeOperator(values, theirs, [rows, Columns], axis1);
            Action Ours(IQuantizer quantizer, params nint[] shape) => () => quantizer.Quantize(Tensor<float>(values, shape), Writable<byte>(codes, count));
            double[] seconds = Contest.Measure(
                Ours(perTensor, count), theirTensor.Run, Ours(axis0, rows, Columns), theirAxis0.Run, Ours(axis1, rows, Columns),
                () => MemoryLimit.Narrow(values.Pointer, codes.Pointer, count, nonTemporal: false), () => MemoryLimit.Narrow(values.Pointer, codes.Pointer, count, nonTemporal: true));
            double limit = Math.Min(seconds[5], seconds[6]);
            table.Add("per-tensor", count, bytes, seconds[0], "ONNX Runtime", seconds[1], target);
            table.Add("per-channel, axis 0", count, bytes, seconds[2], "ONNX Runtime", seconds[3], target);
            if (count >= Medium)
            {
                table.Add("per-tensor", count, bytes, seconds[0], "limit", limit, 0.9);
                table.Add("per-channel, axis 0", count, bytes, seconds[2], "limit", limit, 0.9);
            }

            table.Add("per-channel, last axis", count, bytes, seconds[4], "our axis 0", seconds[2], 0.8);
            if (count <= Medium)
            {
                table.Add("per-channel, last axis", count, bytes, seconds[4], "ONNX Runtime", Contest.Measure(theirAxis1.Run)[0], 50);
            }
        }
    }

    private static void Dequantize(ReportTable table)
    {
        table.Section("int8 → float");
        foreach ((nint count, double target) in ((nint, double)[])[(Small, 2), (Medium, 1.2), (Large, 1.2)])
        {
            using NativeBuffer codes = new(count);
            using NativeBuffer values = new(count * 4);
            using NativeBuffer theirs = new(count * 4);
            AffineQuantizer quantizer = AffineQuantizer.FromRange(new ValueRange(-9, 10), CodeFormat.Int8);
            using Scalars scalars = new(quantizer);
            using OnnxOperator their = new OnnxOperator(new OnnxOperatorModel().Node("DequantizeLinear", ["q", "s", "z"], ["y"])
                .Input("q", OnnxOperatorModel.Int8, count).Input("s", OnnxOperatorModel.Float).Input("z", OnnxOperatorModel.Int8).Output("y", OnnxOperatorModel.Float, count))
                .Input("q", codes.Pointer, count, ElementType.Int8, count).Input("s", scalars.Scales, 4, ElementType.Float).Input("z", scalars.ZeroPoints, 1, ElementType.Int8)
                .Output("y", theirs.Pointer, count * 4, ElementType.Float, count);
            double[] seconds = Contest.Measure(
                () => quantizer.Dequantize(Tensor<byte>(codes, count), Writable<float>(values, count)), their.Run,
                () => MemoryLimit.Widen(codes.Pointer, values.Pointer, count, nonTemporal: false), () => MemoryLimit.Widen(codes.Pointer, values.Pointer, count, nonTemporal: true));
            table.Add("per-tensor", count, count * 5.0, seconds[0], "ONNX Runtime", seconds[1], target);
            table.Add("per-tensor", count, count * 5.0, seconds[0], "limit", Math.Min(seconds[2], seconds[3]), 0);
        }
    }

    private static void FakeQuantize(ReportTable table)
    {
        table.Section("fake-quantize, beside QuantizeLinear and DequantizeLinear");
        foreach (nint count in (nint[])[Small, Medium, Large])
        {
            using NativeBuffer values = NativeBuffer.OfFloats(count, 20);
            using NativeBuffer results = new(count * 4);
            AffineQuantizer quantizer = AffineQuantizer.FromRange(new ValueRange(-9, 10), CodeFormat.Int8);
            using Scalars scalars = new(quantizer);
            using OnnxOperator their = new OnnxOperator(new OnnxOperatorModel().Node("QuantizeLinear", ["x", "s", "z"], ["q"]).Node("DequantizeLinear", ["q", "s", "z"], ["y"])
                .Input("x", OnnxOperatorModel.Float, count).Input("s", OnnxOperatorModel.Float).Input("z", OnnxOperatorModel.Int8).Output("y", OnnxOperatorModel.Float, count))
                .Input("x", values.Pointer, count * 4, ElementType.Float, count).Input("s", scalars.Scales, 4, ElementType.Float).Input("z", scalars.ZeroPoints, 1, ElementType.Int8)
                .Output("y", results.Pointer, count * 4, ElementType.Float, count);
            double[] seconds = Contest.Measure(() => quantizer.FakeQuantize(Tensor<float>(values, count), Writable<float>(results, count)), their.Run);
            table.Add("per-tensor", count, count * 8.0, seconds[0], "ONNX Runtime", seconds[1], 1.8);
        }
    }

    private static void Blocks(ReportTable table)
    {
        table.Section("float → int8 in blocks of 32");
        foreach (nint count in (nint[])[Small, Medium, Large])
        {
            nint rows = count / Columns;
            using NativeBuffer values = NativeBuffer.OfFloats(count, 20);
            using NativeBuffer codes = new(count);
            using NativeBuffer theirs = new(count);
            AffineQuantizer quantizer = AffineQuantizer.FromTensor(Tensor<float>(values, rows, Columns), CodeFormat.Int8, Granularity.PerBlock(1, 32));
            using OnnxOperator their = QuantizeOperator(values, theirs, [rows, Columns], quantizer);
            double[] seconds = Contest.Measure(() => quantizer.Quantize(Tensor<float>(values, rows, Columns), Writable<byte>(codes, count)), their.Run);
            table.Add("per-block 32", count, count * 5.125, seconds[0], "ONNX Runtime", seconds[1], 2.5);
        }
    }

    private static void Packed(ReportTable table)
    {
        table.Section("float → int4, packed");
        using NativeBuffer values = NativeBuffer.OfFloats(Medium, 20);
        using NativeBuffer codes = new(Medium);
        AffineQuantizer bytes = AffineQuantizer.FromRange(new ValueRange(-9, 10), CodeFormat.Int8);
        AffineQuantizer packed = AffineQuantizer.FromRange(new ValueRange(-9, 10), CodeFormat.Int4);
        double[] seconds = Contest.Measure(
            () => packed.Quantize(Tensor<float>(values, Medium), Writable<byte>(codes, Medium / 2)), () => bytes.Quantize(Tensor<float>(values, Medium), Writable<byte>(codes, Medium)));
        table.Add("per-tensor", Medium, Medium * 4.5, seconds[0], "our int8", seconds[1], 0.8);
    }

    private static void Reductions(ReportTable table)
    {
        table.Section("ranges, beside TensorPrimitives");
        foreach (nint count in (nint[])[Small, Medium])
        {
            using NativeBuffer values = NativeBuffer.OfFloats(count, 20);
            double[] seconds = Contest.Measure(
                () => QuantizationPrimitives.MinMax(new ReadOnlySpan<float>(values.Pointer, (int)count)),
                () => _ = TensorPrimitives.Min(new ReadOnlySpan<float>(values.Pointer, (int)count)) + TensorPrimitives.Max(new ReadOnlySpan<float>(values.Pointer, (int)count)),
                () => QuantizationPrimitives.MaxMagnitude(new ReadOnlySpan<float>(values.Pointer, (int)count)),
                () => TensorPrimitives.MaxMagnitude(new ReadOnlySpan<float>(values.Pointer, (int)count)));
            table.Add("min and max", count, count * 4.0, seconds[0], "Min and Max", seconds[1], 2);
            table.Add("largest magnitude", count, count * 4.0, seconds[2], "MaxMagnitude", seconds[3], 2);
        }
    }

    private static void Products(ReportTable table)
    {
        table.Section("products of codes");
        using NativeBuffer left = new(Medium);
        using NativeBuffer right = new(Medium);
        double[] dots = Contest.Measure(
            () => QuantizationPrimitives.Dot(new ReadOnlySpan<sbyte>(left.Pointer, (int)Medium), new ReadOnlySpan<sbyte>(right.Pointer, (int)Medium)),
            () => QuantizationPrimitives.Dot(new ReadOnlySpan<byte>(left.Pointer, (int)Medium), new ReadOnlySpan<sbyte>(right.Pointer, (int)Medium)),
            () => MemoryLimit.Read(left.Pointer, right.Pointer, Medium));
        table.Add("dot int8 · int8", Medium, Medium * 2.0, dots[0], "limit", dots[2], 0.9);
        table.Add("dot uint8 · int8", Medium, Medium * 2.0, dots[1], "limit", dots[2], 0.9);

        const int Size = 4096;
        using NativeBuffer matrix = new(Size * Size);
        using NativeBuffer vector = new(Size);
        using NativeBuffer sums = new(Size * 4);
        using NativeBuffer product = new(Size * 4);
        using NativeBuffer theirs = new(Size * 4);
        using Scalars zero = new(AffineQuantizer.FromRange(new ValueRange(-1, 3), CodeFormat.UInt8));
        using OnnxOperator their = new OnnxOperator(new OnnxOperatorModel().Node("MatMulInteger", ["a", "b", "z"], ["y"])
            .Input("a", OnnxOperatorModel.UInt8, 1, Size).Input("b", OnnxOperatorModel.Int8, Size, Size).Input("z", OnnxOperatorModel.UInt8).Output("y", OnnxOperatorModel.Int32, 1, Size))
            .Input("a", vector.Pointer, Size, ElementType.UInt8, 1, Size).Input("b", matrix.Pointer, Size * Size, ElementType.Int8, Size, Size).Input("z", zero.ZeroPoints, 1, ElementType.UInt8)
            .Output("y", theirs.Pointer, Size * 4, ElementType.Int32, 1, Size);
        double[] seconds = Contest.Measure(
            () => QuantizationPrimitives.MultiplyVector(
                new ReadOnlySpan<sbyte>(matrix.Pointer, Size * Size), new ReadOnlySpan<byte>(vector.Pointer, Size), 64, new ReadOnlySpan<int>(sums.Pointer, Size), new Span<int>(product.Pointer, Size)),
            their.Run,
            () => QuantizationPrimitives.MultiplyVector(new ReadOnlySpan<sbyte>(matrix.Pointer, Size * Size), new ReadOnlySpan<sbyte>(vector.Pointer, Size), new Span<int>(product.Pointer, Size)));
        table.Add("matrix · vector, uint8 with zero-point", Size * Size, Size * Size, seconds[0], "MatMulInteger", seconds[1], 1);
        table.Add("matrix · vector, int8 symmetric", Size * Size, Size * Size, seconds[2], "ours with zero-point", seconds[0], 0);

        // Both take uint8 codes, so that nothing but the correction differs; short rows, where it weighs most, and in cache.
        const int Row = 64;
        Action Product(byte zeroPoint) => () => QuantizationPrimitives.MultiplyVector(
            new ReadOnlySpan<sbyte>(matrix.Pointer, Size * Row), new ReadOnlySpan<byte>(vector.Pointer, Row), zeroPoint, new ReadOnlySpan<int>(sums.Pointer, Size), new Span<int>(product.Pointer, Size));
        double symmetric = Contest.Measure(Product(0))[0];
        table.Add("matrix · vector of 64, zero-point 0", Size * Row, Size * Row, symmetric, "ours with zero-point", symmetric * Contest.Ratio(Product(0), Product(64)), 0);
    }

    private static void Threads(ReportTable table)
    {
        table.Section("float → int8 on two threads");
        using NativeBuffer values = NativeBuffer.OfFloats(Large, 20);
        using NativeBuffer codes = new(Large);
        AffineQuantizer quantizer = new(CodeFormat.Int8, AffineQuantizer.FromRange(new ValueRange(-9, 10), CodeFormat.Int8).Parameters) { MaxDegreeOfParallelism = 2 };
        Action Limit(bool nonTemporal) => () => Parallel.For(
            0, 2, half => MemoryLimit.Narrow(values.Pointer + half * Large * 2, codes.Pointer + half * Large / 2, Large / 2, nonTemporal));
        double[] seconds = Contest.Measure(
            () => quantizer.Quantize(Tensor<float>(values, Large), Writable<byte>(codes, Large)), Limit(nonTemporal: false), Limit(nonTemporal: true));
        table.Add("per-tensor", Large, Large * 5.0, seconds[0], "limit", Math.Min(seconds[1], seconds[2]), 0.9);
    }

    private static AffineQuantizer PerChannel(nint channels, int axis)
    {
        ValueRange[] ranges = new ValueRange[channels];
        for (int i = 0; i < ranges.Length; i++)
        {
            ranges[i] = new ValueRange(-9 - i % 7, 10);
        }

        return new AffineQuantizer(CodeFormat.Int8, QuantizationParameters.FromRanges(ranges, CodeFormat.Int8, QuantizationScheme.Affine), Granularity.PerChannel(axis));
    }

    private static OnnxOperator QuantizeOperator(NativeBuffer values, NativeBuffer codes, nint[] shape, AffineQuantizer quantizer)
    {
        long[] lengths = Array.ConvertAll(shape, length => (long)length);
        long[] parameterShape = Array.ConvertAll(quantizer.Granularity.GetParameterShape(shape), length => (long)length);
        (string, long)[] attributes = quantizer.Granularity.Kind switch
        {
            GranularityKind.PerTensor => [],
            GranularityKind.PerChannel => [("axis", quantizer.Granularity.Axis)],
            _ => [("axis", quantizer.Granularity.Axis), ("block_size", quantizer.Granularity.BlockSize)],
        };
        Scalars scalars = new(quantizer);
        return new OnnxOperator(new OnnxOperatorModel().Node("QuantizeLinear", ["x", "s", "z"], ["q"], attributes)
            .Input("x", OnnxOperatorModel.Float, lengths).Input("s", OnnxOperatorModel.Float, parameterShape).Input("z", OnnxOperatorModel.Int8, parameterShape).Output("q", OnnxOperatorModel.Int8, lengths))
            .Input("x", values.Pointer, values.Length, ElementType.Float, lengths).Input("s", scalars.Scales, quantizer.Parameters.Count * 4, ElementType.Float, parameterShape)
            .Input("z", scalars.ZeroPoints, quantizer.Parameters.Count, ElementType.Int8, parameterShape).Output("q", codes.Pointer, codes.Length, ElementType.Int8, lengths);
    }

    private static ReadOnlyTensorSpan<T> Tensor<T>(NativeBuffer buffer, params ReadOnlySpan<nint> shape)
        where T : unmanaged => new((T*)buffer.Pointer, buffer.Length / sizeof(T), shape);

    private static TensorSpan<T> Writable<T>(NativeBuffer buffer, params ReadOnlySpan<nint> shape)
        where T : unmanaged => new((T*)buffer.Pointer, buffer.Length / sizeof(T), shape);

    private static string Processor()
    {
        const string CpuInfo = "/proc/cpuinfo";
        string? model = File.Exists(CpuInfo) ? File.ReadLines(CpuInfo).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        string name = model is null ? System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString() : model[(model.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        return System.Runtime.Intrinsics.X86.Avx512BW.IsSupported ? $"{name} (AVX-512)" : name;
    }

    /// <summary>Scales and 8-bit zero-points where ONNX Runtime can read them.</summary>
    private sealed class Scalars : IDisposable
    {
        private readonly NativeBuffer _scales;
        private readonly NativeBuffer _zeroPoints;

        public Scalars(AffineQuantizer quantizer)
        {
            int count = quantizer.Parameters.Count;
            _scales = new NativeBuffer(count * 4);
            _zeroPoints = new NativeBuffer(count);
            quantizer.Parameters.Scales.CopyTo(new Span<float>(_scales.Pointer, count));
            for (int i = 0; i < count; i++)
            {
                _zeroPoints.Pointer[i] = (byte)quantizer.Parameters.ZeroPoints[i];
            }
        }

        public byte* Scales => _scales.Pointer;

        public byte* ZeroPoints => _zeroPoints.Pointer;

        public void Dispose()
        {
            _scales.Dispose();
            _zeroPoints.Dispose();
        }
    }
}
