using Orleans.Runtime;

namespace Quantization.Orleans;

/// <summary>Tells silos of each other by a file in a folder.</summary>
/// <param name="file">The file.</param>
internal sealed class FolderMembership(MembersFile file) : IMembershipTable
{
    /// <inheritdoc />
    public async Task InitializeMembershipTable(bool tryInitTableVersion) => await file.Read().ConfigureAwait(false);

    /// <inheritdoc />
    public Task DeleteMembershipTableEntries(string clusterId) =>
        file.Change(table => new MemberTable(table.Version + 1, NewEtag(), []));

    /// <inheritdoc />
    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => file.Change(table =>
    {
        MemberRow[] rows = [.. table.Rows.Where(row => row.Status != SiloStatus.Dead || row.AliveTime >= beforeDate.UtcDateTime)];
        return rows.Length == table.Rows.Count ? null : table with { Rows = rows };
    });

    /// <inheritdoc />
    public async Task<MembershipTableData> ReadRow(SiloAddress key)
    {
        MemberTable table = await file.Read().ConfigureAwait(false);
        string silo = key.ToParsableString();
        return ToData(table with { Rows = [.. table.Rows.Where(row => row.Silo == silo)] });
    }

    /// <inheritdoc />
    public async Task<MembershipTableData> ReadAll() => ToData(await file.Read().ConfigureAwait(false));

    /// <inheritdoc />
    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => file.Change(table =>
    {
        MemberRow row = MemberRow.Of(entry);
        return table.Etag != tableVersion.VersionEtag || table.Rows.Any(each => each.Silo == row.Silo) ? null
            : new MemberTable(tableVersion.Version, NewEtag(), [.. table.Rows, row]);
    });

    /// <inheritdoc />
    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => file.Change(table =>
    {
        MemberRow row = MemberRow.Of(entry);
        return table.Etag != tableVersion.VersionEtag || table.Rows.All(each => each.Silo != row.Silo || each.Etag != etag) ? null
            : new MemberTable(tableVersion.Version, NewEtag(), [.. table.Rows.Select(each => each.Silo == row.Silo ? row : each)]);
    });

    /// <inheritdoc />
    public Task UpdateIAmAlive(MembershipEntry entry)
    {
        string silo = entry.SiloAddress.ToParsableString();
        return file.Change(table => table with
        {
            Rows = [.. table.Rows.Select(each => each.Silo == silo ? each with { AliveTime = entry.IAmAliveTime } : each)],
        });
    }

    private static string NewEtag() => Guid.NewGuid().ToString("N");

    private static MembershipTableData ToData(MemberTable table) => new(
        [.. table.Rows.Select(row => Tuple.Create(row.ToEntry(), row.Etag))], new TableVersion(table.Version, table.Etag));
}
