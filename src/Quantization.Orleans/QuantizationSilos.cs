using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;

namespace Quantization.Orleans;

/// <summary>Adds workers to silos.</summary>
public static class QuantizationSilos
{
    /// <summary>
    /// Makes the silo a worker: it asks the cluster for shards of calibrations and trials of searches, and runs them on threads of its
    /// own.
    /// </summary>
    /// <param name="silo">The silo.</param>
    /// <param name="configure">Sets the storage and what else is not as usual.</param>
    /// <exception cref="ArgumentException">No storage was set, or there are no threads.</exception>
    public static ISiloBuilder AddQuantizationWorkers(this ISiloBuilder silo, Action<QuantizationWorkerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(configure);
        QuantizationWorkerOptions options = new();
        configure(options);
        if (options.Storage is null)
        {
            throw new ArgumentException(
                "Workers need a storage to read models and samples from; set QuantizationWorkerOptions.Storage, such as to a WorkFolder.",
                nameof(configure));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1, nameof(configure));
        silo.Services.AddSingleton(options);
        silo.Services.AddSingleton(new QueueSettings { WorkerTimeout = options.WorkerTimeout });
        silo.Services.AddSingleton<WorkerLoop>();
        silo.AddStartupTask((services, _) =>
        {
            services.GetRequiredService<WorkerLoop>().Start();
            return Task.CompletedTask;
        });
        return silo;
    }
}
