namespace Quantization.Orleans;

/// <summary>The content of the file of members.</summary>
/// <param name="Version">Grows with each change of who is a member.</param>
/// <param name="Etag">Tells this version from others.</param>
/// <param name="Rows">The silos.</param>
internal sealed record MemberTable(int Version, string Etag, IReadOnlyList<MemberRow> Rows)
{
    /// <summary>No silo.</summary>
    public static MemberTable Empty { get; } = new(0, "0", []);
}
