using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Quantization.Kernels;

/// <summary>The mappings of all groups, a column for each number so that vectors can be read from them. Made once for a quantizer; the columns never move.</summary>
internal sealed unsafe class ParameterTable
{
    /// <summary>The elements of the longest step of a map, which may read on past the last parameter.</summary>
    private const int Padding = 64;

    public ParameterTable(ReadOnlySpan<float> scales, ReadOnlySpan<int> zeroPoints, CodeFormat format)
    {
        Format = format;
        int length = scales.Length + Padding;
        Scales = Column<float>(length);
        Reciprocals = Column<float>(length);
        ReciprocalErrors = Column<float>(length);
        Lows = Column<float>(length);
        Highs = Column<float>(length);
        ZeroPoints = Column<int>(length);
        for (int i = 0; i < scales.Length; i++)
        {
            MappingParameters mapping = new(scales[i], zeroPoints[i], format);
            Scales[i] = mapping.Scale;
            Reciprocals[i] = mapping.Reciprocal;
            ReciprocalErrors[i] = mapping.ReciprocalError;
            Lows[i] = mapping.Low;
            Highs[i] = mapping.High;
            ZeroPoints[i] = mapping.ZeroPoint;
            NeedsPrescale |= mapping.Prescale != 1;
        }

        Divisors = Scales;
        if (NeedsPrescale)
        {
            Divisors = Column<float>(length);
            Prescales = new float[scales.Length];
            for (int i = 0; i < scales.Length; i++)
            {
                Prescales[i] = new MappingParameters(scales[i], zeroPoints[i], format).Prescale;
                Divisors[i] = scales[i] * Prescales[i];
            }
        }

        Pointers = new ParameterPointers(
            Address(Scales), Address(Divisors), Address(Reciprocals), Address(ReciprocalErrors), Address(Lows), Address(Highs), Address(ZeroPoints));
    }

    public CodeFormat Format { get; }

    public float[] Scales { get; }

    /// <summary>The powers of two that values are multiplied by, where <see cref="NeedsPrescale"/>.</summary>
    public float[] Prescales { get; } = [];

    public int[] ZeroPoints { get; }

    /// <summary>Where the columns lie; valid as long as this object is alive.</summary>
    public ParameterPointers Pointers { get; }

    /// <summary>Whether any scale is so extreme that values are multiplied by a power of two first.</summary>
    public bool NeedsPrescale { get; }

    private float[] Divisors { get; }

    private float[] Reciprocals { get; }

    private float[] ReciprocalErrors { get; }

    private float[] Lows { get; }

    private float[] Highs { get; }

    /// <summary>The mapping of one group; values must be prescaled already.</summary>
    public MappingParameters this[nint index] =>
        new(Scales[index], Divisors[index], Reciprocals[index], ReciprocalErrors[index], Lows[index], Highs[index], ZeroPoints[index]);

    private static T[] Column<T>(int length)
        where T : unmanaged => GC.AllocateArray<T>(length, pinned: true);

    private static T* Address<T>(T[] column)
        where T : unmanaged => (T*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(column));
}
