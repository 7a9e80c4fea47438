using Orleans.Messaging;
using Orleans.Runtime;

namespace Quantization.Orleans;

/// <summary>Tells clients where silos are, by the same file.</summary>
/// <param name="file">The file.</param>
internal sealed class FolderGateways(MembersFile file) : IGatewayListProvider
{
    /// <inheritdoc />
    public TimeSpan MaxStaleness => TimeSpan.FromSeconds(2);

    /// <inheritdoc />
    public bool IsUpdatable => true;

    /// <inheritdoc />
    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    /// <inheritdoc />
    public async Task<IList<Uri>> GetGateways()
    {
        MemberTable table = await file.Read().ConfigureAwait(false);
        return [.. table.Rows.Where(row => row.Status == SiloStatus.Active && row.ProxyPort > 0).Select(row => row.ToGateway())];
    }
}
