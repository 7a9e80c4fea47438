namespace Quantization.Kernels;

/// <summary>Checks that a destination is long enough and that writing it does not destroy what is still to be read.</summary>
internal static unsafe class Overlap
{
    /// <summary>Throws unless <paramref name="destination"/> elements suffice for <paramref name="source"/> ones.</summary>
    public static void ThrowUnlessDestinationFits(nint source, nint destination, string parameterName)
    {
        if (destination < source)
        {
            throw new ArgumentException($"The destination has {destination} elements, {source} are needed.", parameterName);
        }
    }

    /// <summary>
    /// Throws unless the two stretches of memory are disjoint, or start together and the destination grows no faster than the source:
    /// kernels read ahead of what they write.
    /// </summary>
    public static void ThrowUnlessDisjointOrInPlace(
        void* source, nint sourceBytes, void* destination, nint destinationBytes, string parameterName)
    {
        byte* read = (byte*)source;
        byte* written = (byte*)destination;
        bool disjoint = read + sourceBytes <= written || written + destinationBytes <= read;
        if (!disjoint && (read != written || destinationBytes > sourceBytes))
        {
            throw new ArgumentException(
                destinationBytes > sourceBytes
                    ? "The destination overlaps the source and its elements are wider; give it memory of its own."
                    : "The destination overlaps the source; it must start where the source starts, or lie outside.",
                parameterName);
        }
    }
}
