namespace Quantization.Codebooks;

/// <summary>The codes of a tile as they are stored, and unpacked to a byte each as soon as somebody asks for that.</summary>
/// <param name="stored">The first byte.</param>
/// <param name="count">How many codes there are.</param>
/// <param name="bits">The bits of a code.</param>
/// <param name="room">Room for the codes and what unpacking may overwrite behind them; unused where a code has a byte.</param>
internal unsafe ref struct CodeTile(byte* stored, int count, int bits, byte* room)
{
    private bool _isUnpacked;

    /// <summary>The codes, one per byte.</summary>
    public byte* Unpacked
    {
        get
        {
            if (bits == 8)
            {
                return stored;
            }

            if (!_isUnpacked)
            {
                CodePacking.Unpack(stored, count, bits, room);
                _isUnpacked = true;
            }

            return room;
        }
    }

    /// <summary>
    /// The codes from number <paramref name="first"/> on as pairs of 4 bits; null where they are none, or begin within a byte.
    /// </summary>
    public readonly byte* AsPairs(int first) => bits == 4 && first % 2 == 0 ? stored + first / 2 : null;
}
