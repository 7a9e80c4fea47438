using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Quantization.Hosting;

/// <summary>Registers quantizers of models in the services of an application.</summary>
[SuppressMessage(
    "ApiDesign",
    "RS0026:Do not add multiple overloads with optional parameters",
    Justification = "The overloads differ in a required argument, the name.")]
public static class ModelQuantizerServices
{
    /// <summary>Registers an <see cref="IModelQuantizer"/>. A host that starts checks its options.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the options; null for the defaults.</param>
    /// <returns>A builder for the options, to bind them to configuration for example.</returns>
    public static OptionsBuilder<ModelQuantizerOptions> AddModelQuantizer(
        this IServiceCollection services, Action<ModelQuantizerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<IModelQuantizer>(provider => Create(provider, Options.DefaultName));
        return AddOptions(services, Options.DefaultName, configure);
    }

    /// <summary>
    /// Registers an <see cref="IModelQuantizer"/> with a name, as a keyed service:
    /// <c>[FromKeyedServices("name")] IModelQuantizer quantizer</c>. A host that starts checks its options.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="name">The name: the service's key, and the name of its options.</param>
    /// <param name="configure">Sets the options; null for the defaults.</param>
    /// <returns>A builder for the options, to bind them to configuration for example.</returns>
    public static OptionsBuilder<ModelQuantizerOptions> AddModelQuantizer(
        this IServiceCollection services, string name, Action<ModelQuantizerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        services.TryAddKeyedSingleton<IModelQuantizer>(name, (provider, _) => Create(provider, name));
        return AddOptions(services, name, configure);
    }

    private static OptionsBuilder<ModelQuantizerOptions> AddOptions(
        IServiceCollection services, string name, Action<ModelQuantizerOptions>? configure)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ModelQuantizerOptions>, ModelQuantizerOptionsCheck>());
        OptionsBuilder<ModelQuantizerOptions> builder = services.AddOptionsWithValidateOnStart<ModelQuantizerOptions>(name);
        return configure is null ? builder : builder.Configure(configure);
    }

    private static ModelQuantizer Create(IServiceProvider provider, string name) => new(
        name,
        provider.GetRequiredService<IOptionsMonitor<ModelQuantizerOptions>>().Get(name),
        provider.GetService<ILoggerFactory>()?.CreateLogger(QuantizationTelemetry.LogCategory) ?? NullLogger.Instance,
        provider.GetService<TimeProvider>() ?? TimeProvider.System);
}
