using Microsoft.Extensions.Hosting;

namespace Quantization.Orleans;

/// <summary>A client of a <see cref="FolderCluster"/>, connected until it is disposed of.</summary>
public sealed class FolderClusterClient : IAsyncDisposable
{
    private readonly IHost _host;

    internal FolderClusterClient(IHost host, ClusterWorkPlace place)
    {
        _host = host;
        Place = place;
    }

    /// <summary>The workers.</summary>
    public ClusterWorkPlace Place { get; }

    /// <summary>Disconnects. The workers stay.</summary>
    public async ValueTask DisposeAsync()
    {
        await Place.DisposeAsync().ConfigureAwait(false);
        await _host.StopAsync().ConfigureAwait(false);
        _host.Dispose();
    }
}
