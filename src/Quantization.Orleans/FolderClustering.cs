using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Messaging;

namespace Quantization.Orleans;

/// <summary>
/// Clusters that meet in a folder that all machines see, with no further service: to try things out, and where a shared drive is there
/// anyway. For more than a few dozen machines take a clustering provider of Orleans, such as Redis or ADO.NET.
/// </summary>
public static class FolderClustering
{
    /// <summary>How often silos write that they live.</summary>
    private static readonly TimeSpan AlivePeriod = TimeSpan.FromSeconds(3);

    /// <summary>Lets silos find each other in a folder, and notice within seconds when one is lost.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="folder">The folder. It is made where it is missing, inside of a folder that is there.</param>
    /// <exception cref="DirectoryNotFoundException">The folder above is missing.</exception>
    public static ISiloBuilder UseFolderClustering(this ISiloBuilder silo, string folder)
    {
        ArgumentNullException.ThrowIfNull(silo);
        MembersFile file = Open(folder);
        silo.Services.AddSingleton<IMembershipTable>(new FolderMembership(file));
        silo.Services.AddSingleton<IGatewayListProvider>(new FolderGateways(file));
        return silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.IAmAliveTablePublishTimeout = AlivePeriod;
            options.ProbeTimeout = TimeSpan.FromSeconds(2);
            options.NumMissedProbesLimit = 2;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            options.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
            options.DefunctSiloExpiration = TimeSpan.FromHours(1);
        });
    }

    /// <summary>Lets a client find silos in a folder.</summary>
    /// <param name="client">The client.</param>
    /// <param name="folder">The folder.</param>
    /// <exception cref="DirectoryNotFoundException">The folder above is missing.</exception>
    public static IClientBuilder UseFolderClustering(this IClientBuilder client, string folder)
    {
        ArgumentNullException.ThrowIfNull(client);
        client.Services.AddSingleton<IGatewayListProvider>(new FolderGateways(Open(folder)));
        return client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(2));
    }

    private static MembersFile Open(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))!;
        if (!Directory.Exists(parent))
        {
            throw new DirectoryNotFoundException(
                $"{parent}: the folder above the folder of the cluster is missing; mount or make it on this machine.");
        }

        Directory.CreateDirectory(folder);
        return new MembersFile(folder);
    }
}
