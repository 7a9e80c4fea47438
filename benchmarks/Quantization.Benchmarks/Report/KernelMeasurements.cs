using System.Numerics.Tensors;
using Quantization.Oracles;
using ElementType = Microsoft.ML.OnnxRuntime.Tensors.TensorElementType;

namespace Quantization.Benchmarks.Report;

/// <summary>
/// Measures the kernels at the width that this process has, turn by turn beside ONNX Runtime's operators and memory-limit loops. One
/// thread unless said.
/// </summary>
internal static unsafe class KernelMeasurements
{
    public const string ToInt8 = "float → int8";
    public const string ToFloat = "int8 → float";
    public const string Fake = "fake-quantize, beside QuantizeLinear and DequantizeLinear";
    public const string PerTensor = "per-tensor";
    public const string Axis0 = "per-channel, axis 0";
    public const string LastAxis = "per-channel, last axis";
    public const string Blocks = "blocks of 32";

    private const nint Small = 64 << 10;
    private const nint Medium = 1 << 20;
    private const nint Large = 16 << 20;
    private const nint Columns = 1024;

    private static readonly nint[] Sizes = [Small, Medium, Large];

    public static List<Measured> Run()
    {
        List<Measured> table = [];
        Quantize(table);
        Dequantize(table);
        FakeQuantize(table);
        OwnRanges(table);
        Packed(table);
        Codebooks(table);
        Ggml(table);
        Reductions(table);
        Products(table);
        Threads(table);
        return table;
    }

    private static void Quantize(List<Measured> table)
    {
        foreach (nint count in Sizes)
        {
            nint rows = count / Columns;
            using NativeBuffer values = NativeBuffer.OfFloats(count, 20);
            using NativeBuffer codes = new(count);
            using NativeBuffer theirs = new(count);
            AffineQuantizer perTensor = AffineQuantizer.FromRange(new ValueRange(-9, 10), CodeFormat.Int8);
            AffineQuantizer axis0 = PerChannel(rows, 0);
            AffineQuantizer axis1 = PerChannel(Columns, 1);
            AffineQuantizer blocks = AffineQuantizer.FromTensor(
                Tensor<float>(values, rows, Columns), CodeFormat.Int8, Granularity.PerBlock(1, 32));
            using OnnxOperator theirTensor = QuantizeOperator(values, theirs, [count], perTensor);
            using OnnxOperator theirAxis0 = QuantizeOperator(values, theirs, [rows, Columns], axis0);
            using OnnxOperator theirAxis1 = QuantizeOperator(values, theirs, [rows, Columns], axis1);
            using OnnxOperator theirBlocks = QuantizeOperator(values, theirs, [rows, Columns], blocks);
            Action Ours(IQuantizer quantizer, params nint[] shape) =>
                () => quantizer.Quantize(Tensor<float>(values, shape), Writable<byte>(codes, count));
            double[] seconds = Contest.Measure(
                Ours(perTensor, count),
                theirTensor.Run,
                Ours(axis0, rows, Columns),
                theirAxis0.Run,
                Ours(axis1, rows, Columns),
                Ours(blocks, rows, Columns),
                theirBlocks.Run,
                () => MemoryLimit.Narrow(values.Pointer, codes.Pointer, count, nonTemporal: false),
                () => MemoryLimit.Narrow(values.Pointer, codes.Pointer, count, nonTemporal: true));
            double limit = Math.Min(seconds[7], seconds[8]);
            Measured Of(string operation, double ours) => new(ToInt8, operation, count, count * 5.0, ours) { Limit = limit };
            table.Add(Of(PerTensor, seconds[0]) with { OnnxRuntime = seconds[1] });
            table.Add(Of(Axis0, seconds[2]) with { OnnxRuntime = seconds[3] });
            table.Add(Of(LastAxis, seconds[4]) with
            {
                // ONNX Runtime takes a second for 16 M here.
                OnnxRuntime = count <= Medium ? Contest.Measure(theirAxis1.Run)[0] : null,
                Beside = seconds[2],
                BesideName = "our axis 0",
                BesideTarget = LastAxisTarget(count),
            });
            table.Add(Of(Blocks, seconds[5]) with { OnnxRuntime = seconds[6], Bytes = count * 5.125 });
        }
    }

    /// <summary>Quantizing with the range of each block, which is found on the way.</summary>
    private static void OwnRanges(List<Measured> table)
    {
        const string Section = "float → blocks of 32 with their own ranges";
        foreach (nint count in Sizes)
        {
            using NativeBuffer values = NativeBuffer.OfFloats(count, 20);
            using NativeBuffer codes = new(count / 32 * GgmlBlocks.Q8Bytes);
            using NativeBuffer scales = new(count / 32 * 4);
            double[] seconds = Contest.Measure(
                () => QuantizationPrimitives.DynamicQuantizeRows(Span<float>(values), 32, Span<sbyte>(codes), Span<float>(scales)),
                () => QuantizationPrimitives.DynamicQuantizeRows(
                    Span<float>(values), 32, CodeFormat.Int4, Span<byte>(codes), Span<float>(scales)),
                () => GgmlBlocks.QuantizeQ8(Span<float>(values), Span<byte>(codes)));
            Measured Of(string operation, double bytes, double ours) =>
                new(Section, operation, count, count * bytes, ours) { Beside = seconds[2], BesideName = "our Q8_0 of ggml" };
            table.Add(Of("int8", 5.125, seconds[0]));
            table.Add(Of("int4, packed", 4.625, seconds[1]));
        }
    }

    private static double LastAxisTarget(nint count)
    {
        bool isWidest = System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated;
        return count switch { Small => isWidest ? 0.9 : 0.85, Medium => isWidest ? 0.85 : 0.8, _ => 0.8 };
    }

    private static void Dequantize(List<Measured> table)
    {
        foreach (nint count in Sizes)
        {
            using NativeBuffer codes = new(count);
            using NativeBuffer values = new(count * 4);
            using NativeBuffer theirs = new(count * 4);
            AffineQuantizer quantizer = AffineQuantizer.FromRange(new ValueRange(-9, 10), CodeFormat.Int8);
            using Scalars scalars = new(quantizer);
            OnnxOperatorModel model = new OnnxOperatorModel().Node("DequantizeLinear", ["q", "s", "z"], ["y"])
                .Input("q", OnnxOperatorModel.Int8, count)
                .Input("s", OnnxOperatorModel.Float)
                .Input("z", OnnxOperatorModel.Int8)
                .Output("y", OnnxOperatorModel.Float, count);
            using OnnxOperator their = new OnnxOperator(model)
                .Input("q", codes.Pointer, count, ElementType.Int8, count)
                .Input("s", scalars.Scales, 4, ElementType.Float)
                .Input("z", scalars.ZeroPoints, 1, ElementType.Int8)
                .Output("y", theirs.Pointer, count * 4, ElementType.Float, count);
            double[] seconds = Contest.Measure(
                () => quantizer.Dequantize(Tensor<byte>(codes, count), Writable<float>(values, count)),
                their.Run,
                () => MemoryLimit.Widen(codes.Pointer, values.Pointer, count, nonTemporal: false),
                () => MemoryLimit.Widen(codes.Pointer, values.Pointer, count, nonTemporal: true));
            double limit = Math.Min(seconds[2], seconds[3]);
            table.Add(new Measured(ToFloat, PerTensor, count, count * 5.0, seconds[0]) { OnnxRuntime = seconds[1], Limit = limit });
        }
    }

    private static void FakeQuantize(List<Measured> table)
    {
        foreach (nint count in Sizes)
        {
            using NativeBuffer values = NativeBuffer.OfFloats(count, 20);
            using NativeBuffer results = new(count * 4);
            AffineQuantizer quantizer = AffineQuantizer.FromRange(new ValueRange(-9, 10), CodeFormat.Int8);
            using Scalars scalars = new(quantizer);
            OnnxOperatorModel model = new OnnxOperatorModel()
                .Node("QuantizeLinear", ["x", "s", "z"], ["q"])
                .Node("DequantizeLinear", ["q", "s", "z"], ["y"])
                .Input("x", OnnxOperatorModel.Float, count)
                .Input("s", OnnxOperatorModel.Float)
                .Input("z", OnnxOperatorModel.Int8)
                .Output("y", OnnxOperatorModel.Float, count);
            using OnnxOperator their = new OnnxOperator(model)
                .Input("x", values.Pointer, count * 4, ElementType.Float, count)
                .Input("s", scalars.Scales, 4, ElementType.Float)
                .Input("z", scalars.ZeroPoints, 1, ElementType.Int8)
                .Output("y", results.Pointer, count * 4, ElementType.Float, count);
            double[] seconds = Contest.Measure(
                () => quantizer.FakeQuantize(Tensor<float>(values, count), Writable<float>(results, count)),
                their.Run,
                () => MemoryLimit.Copy(values.Pointer, results.Pointer, count * 4, nonTemporal: false),
                () => MemoryLimit.Copy(values.Pointer, results.Pointer, count * 4, nonTemporal: true));
            double limit = Math.Min(seconds[2], seconds[3]);
            table.Add(new Measured(Fake, PerTensor, count, count * 8.0, seconds[0]) { OnnxRuntime = seconds[1], Limit = limit });
        }
    }

    private static void Codebooks(List<Measured> table)
    {
        const string Section = "codebooks, one scale";
        using NativeBuffer values = NativeBuffer.OfFloats(Small, 20);
        using NativeBuffer results = new(Small * 4);
        using NativeBuffer codes = new(Small);
        foreach (Codebook book in (Codebook[])[Codebook.NormalFloat4, Codebook.MuLaw(256)])
        {
            bool isPacked = book.Levels.Length <= 16;
            CodebookQuantizer quantizer = CodebookQuantizer.FromTensor(
                Tensor<float>(values, Small), book, isPacked ? CodeFormat.UInt4 : CodeFormat.UInt8);
            nint bytes = isPacked ? Small / 2 : Small;
            double[] seconds = Contest.Measure(
                () => quantizer.Quantize(Tensor<float>(values, Small), Writable<byte>(codes, bytes)),
                () => quantizer.Dequantize(Tensor<byte>(codes, bytes), Writable<float>(results, Small)));
            string operation = $"{book.Levels.Length} levels{(isPacked ? ", packed" : "")}";
            table.Add(new Measured(Section, $"{operation}, quantize", Small, Small * 4.0 + bytes, seconds[0]));
            table.Add(new Measured(Section, $"{operation}, dequantize", Small, Small * 4.0 + bytes, seconds[1]));
        }
    }

    private static void Ggml(List<Measured> table)
    {
        const string Section = "ggml's blocks";
        using NativeBuffer values = NativeBuffer.OfFloats(Medium, 20);
        using NativeBuffer eight = new(Medium / 32 * GgmlBlocks.Q8Bytes);
        using NativeBuffer four = new(Medium / 32 * GgmlBlocks.Q4Bytes);
        using NativeBuffer results = new(Medium * 4);
        double[] seconds = Contest.Measure(
            () => GgmlBlocks.QuantizeQ8(Span<float>(values), Span<byte>(eight)),
            () => GgmlBlocks.DequantizeQ8(Span<byte>(eight), Span<float>(results)),
            () => GgmlBlocks.QuantizeQ4(Span<float>(values), Span<byte>(four)),
            () => GgmlBlocks.DequantizeQ4(Span<byte>(four), Span<float>(results)));
        double q8 = Medium * (4 + GgmlBlocks.Q8Bytes / 32.0);
        double q4 = Medium * (4 + GgmlBlocks.Q4Bytes / 32.0);
        table.Add(new Measured(Section, "Q8_0, quantize", Medium, q8, seconds[0]));
        table.Add(new Measured(Section, "Q8_0, dequantize", Medium, q8, seconds[1]));
        table.Add(new Measured(Section, "Q4_0, quantize", Medium, q4, seconds[2]));
        table.Add(new Measured(Section, "Q4_0, dequantize", Medium, q4, seconds[3]));
    }

    private static void Packed(List<Measured> table)
    {
        using NativeBuffer values = NativeBuffer.OfFloats(Medium, 20);
        using NativeBuffer codes = new(Medium);
        AffineQuantizer bytes = AffineQuantizer.FromRange(new ValueRange(-9, 10), CodeFormat.Int8);
        AffineQuantizer packed = AffineQuantizer.FromRange(new ValueRange(-9, 10), CodeFormat.Int4);
        double[] seconds = Contest.Measure(
            () => packed.Quantize(Tensor<float>(values, Medium), Writable<byte>(codes, Medium / 2)),
            () => bytes.Quantize(Tensor<float>(values, Medium), Writable<byte>(codes, Medium)));
        table.Add(new Measured("float → int4, packed", PerTensor, Medium, Medium * 4.5, seconds[0])
        {
            // Elements per second, not bytes.
            Beside = seconds[1],
            BesideName = "our int8",
            BesideTarget = 0.85,
        });
    }

    private static void Reductions(List<Measured> table)
    {
        const string Section = "ranges, beside TensorPrimitives";
        foreach (nint count in (nint[])[Small, Medium])
        {
            using NativeBuffer values = NativeBuffer.OfFloats(count, 20);
            TensorStatistics statistics = new();
            double[] seconds = Contest.Measure(
                () => QuantizationPrimitives.MinMax(new ReadOnlySpan<float>(values.Pointer, (int)count)),
                () => _ = TensorPrimitives.Min(new ReadOnlySpan<float>(values.Pointer, (int)count))
                    + TensorPrimitives.Max(new ReadOnlySpan<float>(values.Pointer, (int)count)),
                () => QuantizationPrimitives.MaxMagnitude(new ReadOnlySpan<float>(values.Pointer, (int)count)),
                () => TensorPrimitives.MaxMagnitude(new ReadOnlySpan<float>(values.Pointer, (int)count)),
                () => statistics.Observe(new ReadOnlySpan<float>(values.Pointer, (int)count)));
            table.Add(new Measured(Section, "histogram of 2,048 bins per sign", count, count * 4.0, seconds[4]));
            table.Add(new Measured(Section, "min and max", count, count * 4.0, seconds[0])
            {
                Beside = seconds[1],
                BesideName = "Min and Max",
                BesideTarget = 2
            });
            table.Add(new Measured(Section, "largest magnitude", count, count * 4.0, seconds[2])
            {
                Beside = seconds[3],
                BesideName = "MaxMagnitude",
                BesideTarget = 2
            });
        }
    }

    private static void Products(List<Measured> table)
    {
        const string Section = "products of codes";
        using NativeBuffer left = new(Medium);
        using NativeBuffer right = new(Medium);
        double[] dots = Contest.Measure(
            () => QuantizationPrimitives.Dot(
                new ReadOnlySpan<sbyte>(left.Pointer, (int)Medium), new ReadOnlySpan<sbyte>(right.Pointer, (int)Medium)),
            () => QuantizationPrimitives.Dot(
                new ReadOnlySpan<byte>(left.Pointer, (int)Medium), new ReadOnlySpan<sbyte>(right.Pointer, (int)Medium)),
            () => MemoryLimit.Read(left.Pointer, right.Pointer, Medium));
        table.Add(new Measured(Section, "dot int8 · int8", Medium, Medium * 2.0, dots[0]) { Limit = dots[2] });
        table.Add(new Measured(Section, "dot uint8 · int8", Medium, Medium * 2.0, dots[1]) { Limit = dots[2] });

        const int Size = 4096;
        using NativeBuffer matrix = new(Size * Size);
        using NativeBuffer vector = new(Size);
        using NativeBuffer sums = new(Size * 4);
        using NativeBuffer product = new(Size * 4);
        using NativeBuffer theirs = new(Size * 4);
        using Scalars zero = new(AffineQuantizer.FromRange(new ValueRange(-1, 3), CodeFormat.UInt8));
        using OnnxOperator their = new OnnxOperator(new OnnxOperatorModel().Node("MatMulInteger", ["a", "b", "z"], ["y"])
            .Input("a", OnnxOperatorModel.UInt8, 1, Size).Input("b", OnnxOperatorModel.Int8, Size, Size).Input("z", OnnxOperatorModel.UInt8)
            .Output("y", OnnxOperatorModel.Int32, 1, Size))
            .Input("a", vector.Pointer, Size, ElementType.UInt8, 1, Size)
            .Input("b", matrix.Pointer, Size * Size, ElementType.Int8, Size, Size)
            .Input("z", zero.ZeroPoints, 1, ElementType.UInt8)
            .Output("y", theirs.Pointer, Size * 4, ElementType.Int32, 1, Size);
        double[] seconds = Contest.Measure(
            () => QuantizationPrimitives.MultiplyVector(
                new ReadOnlySpan<sbyte>(matrix.Pointer, Size * Size),
                new ReadOnlySpan<byte>(vector.Pointer, Size),
                64,
                new ReadOnlySpan<int>(sums.Pointer, Size),
                new Span<int>(product.Pointer, Size)),
            their.Run,
            () => QuantizationPrimitives.MultiplyVector(
                new ReadOnlySpan<sbyte>(matrix.Pointer, Size * Size),
                new ReadOnlySpan<sbyte>(vector.Pointer, Size),
                new Span<int>(product.Pointer, Size)));
        table.Add(new Measured(
            Section, "matrix · vector, uint8 with zero-point", Size * Size, Size * Size, seconds[0]) { OnnxRuntime = seconds[1] });
        table.Add(new Measured(Section, "matrix · vector, int8 symmetric", Size * Size, Size * Size, seconds[2]));

        // Both take uint8 codes, so that nothing but the correction differs; short rows, where it weighs most, and in cache.
        const int Row = 64;
        Action Product(byte zeroPoint) => () => QuantizationPrimitives.MultiplyVector(
            new ReadOnlySpan<sbyte>(matrix.Pointer, Size * Row),
            new ReadOnlySpan<byte>(vector.Pointer, Row),
            zeroPoint,
            new ReadOnlySpan<int>(sums.Pointer, Size),
            new Span<int>(product.Pointer, Size));
        double symmetric = Contest.Measure(Product(0))[0];
        table.Add(new Measured(Section, "matrix · vector of 64, zero-point 0", Size * Row, Size * Row, symmetric)
        {
            Beside = symmetric * Contest.Ratio(Product(0), Product(64)),
            BesideName = "ours with zero-point",
        });
    }

    private static void Threads(List<Measured> table)
    {
        using NativeBuffer values = NativeBuffer.OfFloats(Large, 20);
        using NativeBuffer codes = new(Large);
        AffineQuantizer quantizer = new(
            CodeFormat.Int8, AffineQuantizer.FromRange(new ValueRange(-9, 10), CodeFormat.Int8).Parameters) { MaxDegreeOfParallelism = 2 };
        Action Limit(bool nonTemporal) => () => Parallel.For(
            0, 2, half => MemoryLimit.Narrow(values.Pointer + half * Large * 2, codes.Pointer + half * Large / 2, Large / 2, nonTemporal));
        double[] seconds = Contest.Measure(
            () => quantizer.Quantize(Tensor<float>(values, Large), Writable<byte>(codes, Large)),
            Limit(nonTemporal: false),
            Limit(nonTemporal: true));
        table.Add(new Measured(
            "float → int8 on two threads", PerTensor, Large, Large * 5.0, seconds[0]) { Limit = Math.Min(seconds[1], seconds[2]) });
    }

    private static AffineQuantizer PerChannel(nint channels, int axis)
    {
        ValueRange[] ranges = new ValueRange[channels];
        for (int i = 0; i < ranges.Length; i++)
        {
            ranges[i] = new ValueRange(-9 - i % 7, 10);
        }

        return new AffineQuantizer(
            CodeFormat.Int8,
            QuantizationParameters.FromRanges(ranges, CodeFormat.Int8, QuantizationScheme.Affine),
            Granularity.PerChannel(axis));
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
            .Input("x", OnnxOperatorModel.Float, lengths).Input("s", OnnxOperatorModel.Float, parameterShape)
            .Input("z", OnnxOperatorModel.Int8, parameterShape).Output("q", OnnxOperatorModel.Int8, lengths))
            .Input("x", values.Pointer, values.Length, ElementType.Float, lengths)
            .Input("s", scalars.Scales, quantizer.Parameters.Count * 4, ElementType.Float, parameterShape)
            .Input("z", scalars.ZeroPoints, quantizer.Parameters.Count, ElementType.Int8, parameterShape)
            .Output("q", codes.Pointer, codes.Length, ElementType.Int8, lengths);
    }

    private static ReadOnlyTensorSpan<T> Tensor<T>(NativeBuffer buffer, params ReadOnlySpan<nint> shape)
        where T : unmanaged => new((T*)buffer.Pointer, buffer.Length / sizeof(T), shape);

    private static TensorSpan<T> Writable<T>(NativeBuffer buffer, params ReadOnlySpan<nint> shape)
        where T : unmanaged => new((T*)buffer.Pointer, buffer.Length / sizeof(T), shape);

    private static Span<T> Span<T>(NativeBuffer buffer)
        where T : unmanaged => new(buffer.Pointer, (int)(buffer.Length / sizeof(T)));

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
