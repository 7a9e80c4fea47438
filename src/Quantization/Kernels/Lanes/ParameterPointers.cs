using System.Runtime.CompilerServices;

namespace Quantization.Kernels;

/// <summary>Where the columns of a <see cref="ParameterTable"/> lie. Whole vectors may be read at every index.</summary>
/// <param name="columns">Memory of <see cref="Count"/> columns.</param>
/// <param name="length">The length of a column.</param>
internal readonly unsafe struct ParameterPointers(float* columns, nint length)
{
    /// <summary>How many columns there are: the fields of <see cref="MappingParameters"/>.</summary>
    public const int Count = 8;

    private readonly float* _columns = columns;
    private readonly nint _length = length;

    public int* ZeroPoints => (int*)(_columns + 6 * _length);

    public byte* ZeroPointBytes => (byte*)(_columns + 7 * _length);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Column(MappingField field) => _columns + (int)field * _length;

    /// <summary>Writes the mapping with number <paramref name="index"/>.</summary>
    public void Set(nint index, in MappingParameters mapping)
    {
        Column(MappingField.Scale)[index] = mapping.Scale;
        Column(MappingField.Divisor)[index] = mapping.Divisor;
        Column(MappingField.Reciprocal)[index] = mapping.Reciprocal;
        Column(MappingField.ReciprocalError)[index] = mapping.ReciprocalError;
        Column(MappingField.Low)[index] = mapping.Low;
        Column(MappingField.High)[index] = mapping.High;
        ZeroPoints[index] = mapping.ZeroPoint;
        ZeroPointBytes[index] = (byte)mapping.ZeroPoint;
    }
}
