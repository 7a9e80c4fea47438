using System.Globalization;
using Quantization.Kernels.Simd;

namespace Quantization.Kernels;

/// <summary>The affine mapping over many rows at once, each row or all rows with a range of their own.</summary>
internal static unsafe class RowKernels
{
    /// <summary>The values whose ranges are found before they are quantized: 16 KB, which stay in the first-level cache.</summary>
    private const nint BlockLength = 4096;

    private const int MostGroupsOfBlock = 64;

    /// <summary>The fewest rows that are quantized in batches: fewer are faster one by one.</summary>
    private const int FewestBatched = 4;

    /// <summary>Finds the range of each group and quantizes the group with it, while its values are in the caches.</summary>
    /// <param name="source">The first value.</param>
    /// <param name="codes">The first code.</param>
    /// <param name="shape">The rows.</param>
    /// <param name="format">The codes, of <typeparamref name="TCode"/>.</param>
    /// <param name="scales">Receives a scale per group.</param>
    /// <param name="zeroPoints">Receives a zero-point per group, in the format's storage; null for the symmetric scheme.</param>
    /// <param name="parameterName">What errors call the values.</param>
    /// <exception cref="ArgumentException">A value is not finite. Groups before it are written.</exception>
    public static void DynamicQuantize<TCode>(
        float* source, byte* codes, RowShape shape, CodeFormat format, float* scales, byte* zeroPoints, string parameterName)
        where TCode : unmanaged
    {
        QuantizationScheme scheme = zeroPoints is null ? QuantizationScheme.Symmetric : QuantizationScheme.Affine;
        nint groupLength = shape.RowsOfGroup * shape.Columns;
        nint groupBytes = shape.RowsOfGroup * format.GetByteCount(shape.Columns);
        MappingParameters* mappings = stackalloc MappingParameters[MostGroupsOfBlock];
        bool isBatched = scheme == QuantizationScheme.Symmetric && shape.Groups >= FewestBatched && format.MinCode <= -format.MaxCode
            && SymmetricBatch<TCode>.CanTake(shape.Columns);

        // A few rows that batches cannot take should not hold up many that they can.
        nint groupsOfBlock = Math.Clamp(BlockLength / Math.Max(groupLength, 1), 1, isBatched ? FewestBatched : MostGroupsOfBlock);
        for (nint first = 0; first < shape.Groups; first += groupsOfBlock)
        {
            if (isBatched)
            {
                nint done;
                Width.Invoke(new SymmetricBatch<TCode>(
                    source + first * groupLength, (TCode*)(codes + first * groupBytes), shape.Groups - first, shape.Columns, format.MaxCode,
                    scales + first, &done));
                first += done;
            }

            nint count = Math.Min(groupsOfBlock, shape.Groups - first);
            for (nint i = 0; i < count; i++)
            {
                nint group = first + i;
                float* values = source + group * groupLength;
                (float min, float max) = groupLength == 0 ? default : RangeOf(values, groupLength, scheme);
                if (!float.IsFinite(min) || !float.IsFinite(max))
                {
                    throw NotFinite(source, shape, group * groupLength, parameterName);
                }

                (float scale, int zeroPoint) = QuantizationParameters.OfRange(new ValueRange(min, max), format, scheme);
                scales[group] = scale;
                if (zeroPoints is not null)
                {
                    CodeStorage.Write(format.Type, zeroPoints, group, zeroPoint);
                }

                mappings[i] = new MappingParameters(scale, zeroPoint, format);
            }

            QuantizeGroups<TCode>(source + first * groupLength, codes + first * groupBytes, shape, count, mappings, format);
        }
    }

    /// <summary>Quantizes groups whose mappings are known: as one run, where each is a row that ends with a step.</summary>
    private static void QuantizeGroups<TCode>(
        float* source, byte* codes, RowShape shape, nint groups, MappingParameters* mappings, CodeFormat format)
        where TCode : unmanaged
    {
        bool isPlain = groups > 1 && RunLayout.MayMergeRows(shape.Columns);
        for (nint group = 0; group < groups; group++)
        {
            isPlain &= mappings[group].Prescale == 1;
        }

        if (isPlain)
        {
            LaneSource lanes = new(mappings, groups, shape.Columns, format);
            Width.Invoke(new MapRun<float, TCode, QuantizeOperation<TCode>>(&lanes, source, (TCode*)codes, 0, groups * shape.Columns));
            return;
        }

        nint rowBytes = format.GetByteCount(shape.Columns);
        for (nint group = 0; group < groups; group++)
        {
            float* values = source + group * shape.RowsOfGroup * shape.Columns;
            byte* groupCodes = codes + group * shape.RowsOfGroup * rowBytes;
            if (IsContiguous(format, shape))
            {
                UniformKernels.Quantize(values, (TCode*)groupCodes, shape.RowsOfGroup * shape.Columns, mappings[group], format);
                continue;
            }

            for (nint row = 0; row < shape.RowsOfGroup; row++)
            {
                UniformKernels.Quantize(
                    values + row * shape.Columns, (TCode*)(groupCodes + row * rowBytes), shape.Columns, mappings[group], format);
            }
        }
    }

    /// <summary>Dequantizes rows.</summary>
    /// <param name="codes">The first code.</param>
    /// <param name="destination">The first value.</param>
    /// <param name="shape">The rows.</param>
    /// <param name="format">The codes, of <typeparamref name="TCode"/>.</param>
    /// <param name="scales">A scale per group.</param>
    /// <param name="zeroPoints">A zero-point per group, in the format's storage; null where all are 0.</param>
    public static void Dequantize<TCode>(
        byte* codes, float* destination, RowShape shape, CodeFormat format, float* scales, byte* zeroPoints)
        where TCode : unmanaged
    {
        nint rowBytes = format.GetByteCount(shape.Columns);
        for (nint group = 0; group < shape.Groups; group++)
        {
            MappingParameters mapping =
                new(scales[group], zeroPoints is null ? 0 : CodeStorage.Read(format.Type, zeroPoints, group), format);
            float* values = destination + group * shape.RowsOfGroup * shape.Columns;
            byte* groupCodes = codes + group * shape.RowsOfGroup * rowBytes;
            if (IsContiguous(format, shape))
            {
                UniformKernels.Dequantize((TCode*)groupCodes, values, shape.RowsOfGroup * shape.Columns, mapping, format);
                continue;
            }

            for (nint row = 0; row < shape.RowsOfGroup; row++)
            {
                UniformKernels.Dequantize(
                    (TCode*)(groupCodes + row * rowBytes), values + row * shape.Columns, shape.Columns, mapping, format);
            }
        }
    }

    /// <summary>The error that names the first value from <paramref name="start"/> on that is not finite.</summary>
    public static ArgumentException NotFinite(float* source, RowShape shape, nint start, string parameterName)
    {
        nint index = start;
        while (index < shape.Rows * shape.Columns - 1 && float.IsFinite(source[index]))
        {
            index++;
        }

        return new ArgumentException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Row {index / shape.Columns}, column {index % shape.Columns} is {source[index]}, "
                    + $"not finite; leave the row out or replace the value."),
            parameterName);
    }

    private static (float Min, float Max) RangeOf(float* values, nint count, QuantizationScheme scheme)
    {
        if (scheme == QuantizationScheme.Affine)
        {
            return Extremes.MinMax(values, count);
        }

        float magnitude = Extremes.MaxMagnitude(values, count);
        return (-magnitude, magnitude);
    }

    /// <summary>Whether no row of packed codes ends within a byte, so that the rows of a group are one run.</summary>
    private static bool IsContiguous(CodeFormat format, RowShape shape) => shape.Columns * format.StorageBits % 8 == 0;
}
