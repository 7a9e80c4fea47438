using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Quantization.Onnx;

namespace Quantization.Orleans;

/// <summary>
/// Workers and clients that need nothing but a folder that all of them see: it is the storage, and the cluster meets in its subfolder
/// <c>cluster</c>.
/// </summary>
public static class FolderCluster
{
    private const string Meeting = "cluster";

    private const string Name = "quantization";

    private static readonly TimeSpan PauseBetweenAttempts = TimeSpan.FromMilliseconds(300);

    /// <summary>Builds a host with one worker, to be started.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="configure">Sets what is not as usual; null for nothing.</param>
    /// <param name="address">
    /// The address of this machine at which the others reach it; null, the default, for the loopback, which this machine alone reaches.
    /// </param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static IHost BuildWorker(string folder, Action<QuantizationWorkerOptions>? configure = null, IPAddress? address = null)
    {
        WorkFolder storage = new(folder);
        IPAddress own = address ?? IPAddress.Loopback;
        (int siloPort, int gatewayPort) = FindPorts(own);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(silo =>
        {
            silo.UseFolderClustering(Path.Combine(folder, Meeting));
            silo.Configure<ClusterOptions>(SetNames);
            silo.Configure<EndpointOptions>(options =>
            {
                options.AdvertisedIPAddress = own;
                options.SiloPort = siloPort;
                options.GatewayPort = gatewayPort;
                options.SiloListeningEndpoint = new IPEndPoint(own, siloPort);
                options.GatewayListeningEndpoint = new IPEndPoint(own, gatewayPort);
            });
            silo.AddQuantizationWorkers(options =>
            {
                options.Storage = storage;
                configure?.Invoke(options);
            });
        });
        return builder.Build();
    }

    /// <summary>Connects a client.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">How it waits for workers; null for the defaults.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="IOException">No worker was found for <see cref="ClusterWorkPlaceOptions.Patience"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<FolderClusterClient> ConnectAsync(
        string folder, ClusterWorkPlaceOptions? options = null, CancellationToken cancellationToken = default)
    {
        WorkFolder storage = new(folder);
        options ??= new ClusterWorkPlaceOptions();
        TimeProvider clock = TimeProvider.System;
        DateTimeOffset until = clock.GetUtcNow() + options.Patience;
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(client =>
        {
            client.UseFolderClustering(Path.Combine(folder, Meeting));
            client.Configure<ClusterOptions>(SetNames);
            client.UseConnectionRetryFilter(async (_, token) =>
            {
                await Task.Delay(PauseBetweenAttempts, token).ConfigureAwait(false);
                return clock.GetUtcNow() < until;
            });
        });
        IHost host = builder.Build();
        try
        {
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            host.Dispose();
            throw new IOException($"{folder}: no worker was found there within {options.Patience.TotalSeconds:0} seconds; start some with "
                + $"the same folder ({e.Message.ReplaceLineEndings(" ")})", e);
        }

        return new FolderClusterClient(host, new ClusterWorkPlace(host.Services.GetRequiredService<IClusterClient>(), storage, options));
    }

    private static void SetNames(ClusterOptions options)
    {
        options.ClusterId = Name;
        options.ServiceId = Name;
    }

    /// <summary>Two ports that nobody listens at.</summary>
    private static (int Silo, int Gateway) FindPorts(IPAddress address)
    {
        using TcpListener silo = new(address, 0), gateway = new(address, 0);
        silo.Start();
        gateway.Start();
        return (((IPEndPoint)silo.LocalEndpoint).Port, ((IPEndPoint)gateway.LocalEndpoint).Port);
    }
}
