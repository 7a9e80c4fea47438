namespace Quantization.Kernels.Simd;

/// <summary>
/// One width of vectors: what an operator may do with its lanes. Operators and drivers are written once against this interface; each
/// implementation is a thin wrapper round the hardware's instructions, and all of them give the same bits.
/// </summary>
/// <typeparam name="TFloats">A vector of floats.</typeparam>
/// <typeparam name="TInts">A vector of as many 32-bit integers.</typeparam>
internal unsafe interface ISimd<TFloats, TInts>
    where TFloats : unmanaged
    where TInts : unmanaged
{
    /// <summary>Whether this machine has the width.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>The lanes of a vector.</summary>
    static abstract int Count { get; }

    static abstract TFloats Broadcast(float value);

    static abstract TInts Broadcast(int value);

    /// <summary>
    /// A vector whose first quarter of bytes holds <paramref name="first"/>, and so on; a lane of its own each, or a byte of the only lane.
    /// </summary>
    static abstract TInts BroadcastQuarters(int first, int second, int third, int fourth);

    static abstract TFloats Load(float* source);

    static abstract TInts Load(int* source);

    /// <summary>
    /// Writes whole vectors; past the caches where <typeparamref name="TStores"/> says so, and then <paramref name="destination"/> is
    /// aligned.
    /// </summary>
    static abstract void Store<TStores>(TFloats values, float* destination)
        where TStores : struct, IStores;

    /// <summary>The smaller of each lane; <paramref name="right"/> where either is NaN.</summary>
    static abstract TFloats Min(TFloats left, TFloats right);

    /// <summary>The larger of each lane; <paramref name="right"/> where either is NaN.</summary>
    static abstract TFloats Max(TFloats left, TFloats right);

    static abstract TFloats Multiply(TFloats left, TFloats right);

    static abstract TFloats Divide(TFloats left, TFloats right);

    /// <summary>
    /// A quotient for codes of type <typeparamref name="TCode"/>: rounding it to an integer gives what rounding <paramref name="value"/> /
    /// divisor gives. Values are clamped to the codes' range and divisors lie far from the ends of the exponent range. Without fused
    /// multiply-add it is the division itself.
    /// </summary>
    /// <remarks>Each width reads only those parameters that its arithmetic takes.</remarks>
    static abstract TFloats Quotient<TCode, TLanes>(TFloats value, in TLanes lanes, nint index, int offset)
        where TCode : unmanaged
        where TLanes : struct, ILanes<TFloats, TInts>;

    /// <summary>Rounds half to even; NaN gives 0. Magnitudes are below 2³¹.</summary>
    static abstract TInts RoundToInt32(TFloats value);

    /// <summary>Whether any lane of the four is NaN.</summary>
    static abstract bool HasNaN(TFloats first, TFloats second, TFloats third, TFloats fourth);

    /// <summary>+0 in the lanes that are NaN, the others as they are.</summary>
    static abstract TFloats ZeroWhereNaN(TFloats value);

    /// <summary>
    /// Rounds values that are not NaN half to even, and stays a float; never −0. Magnitudes are at most what codes of
    /// <typeparamref name="TCode"/> reach.
    /// </summary>
    static abstract TFloats RoundToSingle<TCode>(TFloats value)
        where TCode : unmanaged;

    /// <summary>Rounds half to even and saturates; NaN gives 0.</summary>
    static abstract TInts RoundToInt32Saturating(TFloats value);

    static abstract TFloats ToSingle(TInts value);

    static abstract TInts Add(TInts left, TInts right);

    static abstract TInts Subtract(TInts left, TInts right);

    static abstract TInts Max(TInts left, TInts right);

    /// <summary>The bits of each magnitude: as integers they order as the magnitudes do, NaN above infinity.</summary>
    static abstract TInts MagnitudeBits(TFloats value);

    /// <summary>The floats that these bits are.</summary>
    static abstract TFloats AsSingle(TInts bits);

    /// <summary>Whether each lane is at least <paramref name="least"/> and at most <paramref name="most"/>.</summary>
    static abstract bool AreAllWithin(TInts values, int least, int most);

    /// <summary>The largest lane of each of <see cref="Count"/> vectors: of the first vector in the first lane, and so on.</summary>
    static abstract TInts LargestOfEach(TInts* vectors);

    /// <summary>1 / divisor − reciprocal, found in double precision and rounded: what the reciprocal lacks.</summary>
    static abstract TFloats ReciprocalError(TFloats divisor, TFloats reciprocal);

    /// <summary>Adds to each lane the products of four pairs of codes; together all products of <c>4 · Count</c> pairs.</summary>
    /// <typeparam name="TLeft"><see cref="sbyte"/> or <see cref="byte"/>.</typeparam>
    static abstract TInts AddProducts<TLeft>(TInts sum, TLeft* left, sbyte* right)
        where TLeft : unmanaged;

    /// <summary>
    /// Adds to each lane the products of four pairs of an 8-bit code and a 16-bit factor; together all products of <c>4 · Count</c> pairs.
    /// </summary>
    static abstract TInts AddWideProducts(TInts sum, sbyte* codes, short* factors);

    /// <summary>The sum of all lanes, modulo 2³².</summary>
    static abstract int Sum(TInts value);

    /// <summary>
    /// Rounds quotients half to even, NaN to 0, and adds zero-points modulo 256: writes consecutive codes of a byte, or of half a byte.
    /// </summary>
    /// <param name="first">The quotients of the first lanes, with magnitudes below 2¹⁵.</param>
    /// <param name="second">Those of the next.</param>
    /// <param name="third">Those of the next.</param>
    /// <param name="fourth">Those of the last.</param>
    /// <param name="zeroPoints">The zero-points, a byte each.</param>
    /// <param name="destination">The first code.</param>
    static abstract void StoreBytes<TCode, TStores>(
        TFloats first, TFloats second, TFloats third, TFloats fourth, TInts zeroPoints, TCode* destination)
        where TCode : unmanaged
        where TStores : struct, IStores;

    /// <summary>Writes the lanes of four vectors as consecutive codes, which fit <typeparamref name="TCode"/>.</summary>
    static abstract void StoreNarrowed<TCode, TStores>(TInts first, TInts second, TInts third, TInts fourth, TCode* destination)
        where TCode : unmanaged
        where TStores : struct, IStores;

    /// <summary>Reads consecutive codes as the lanes of four vectors.</summary>
    static abstract void LoadWidened<TCode>(TCode* source, out TInts first, out TInts second, out TInts third, out TInts fourth)
        where TCode : unmanaged;
}
