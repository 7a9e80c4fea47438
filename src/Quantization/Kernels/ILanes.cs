namespace Quantization.Kernels;

/// <summary>Where a map finds the parameters of a vector of elements: in registers, or in tables by the number of the first of them.</summary>
internal interface ILanes<TFloats, TInts>
{
    /// <summary>Whether a vector takes the parameters of its first element, so that vectors begin at multiples of their length.</summary>
    static abstract bool ShareVectors { get; }

    TFloats Scale(nint index);

    TFloats Divisor(nint index);

    TFloats Reciprocal(nint index);

    TFloats ReciprocalError(nint index);

    /// <summary>The value that the smallest code saturates at.</summary>
    TFloats Low(nint index);

    /// <summary>The value that the largest code saturates at.</summary>
    TFloats High(nint index);

    TInts ZeroPoint(nint index);
}
