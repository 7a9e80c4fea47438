using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Quantization.Onnx;

namespace Quantization.Hosting.Tests;

public sealed class OptionsTests
{
    public static TheoryData<Action<ModelQuantizerOptions>, string> Impossible => new()
    {
        { options => options.Way = (QuantizationWay)42, "Way is 42; take one of StaticInt8, DynamicInt8, WeightsInt8, WeightsInt4, Half." },
        { options => options.MaxConcurrency = 0, "MaxConcurrency is 0; take 1 or more." },
        { options => options.ProgressInterval = TimeSpan.FromSeconds(-1), "ProgressInterval is -00:00:01; take zero or more." },
        { options => options.Static = null!, "Static is null; leave it at its default, or give options." },
        {
        options => options.Weights = new WeightOnlyOptions { MaxBytes = 1, BitsPerWeight = 4 },
        "Weights names both MaxBytes and BitsPerWeight; give one of them."
        },
        {
            options => (options.Way, options.Weights) = (QuantizationWay.WeightsInt8, new WeightOnlyOptions { Bits = 4 }),
            "Way is WeightsInt8, but Weights.Bits is 4; take WeightsInt4, or 8 bits."
        },
        {
            options => options.Weights = new WeightOnlyOptions { Bits = 2, Form = BlockForm.DequantizeLinear },
            "Weights.Form is DequantizeLinear, which has no codes of 2 bits; take MatMulNBits, or 4 bits."
        },
    };

    [Theory]
    [MemberData(nameof(Impossible), DisableDiscoveryEnumeration = true)]
    public async Task A_host_with_impossible_options_does_not_start(Action<ModelQuantizerOptions> configure, string failure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddModelQuantizer("classifier", configure);
        using IHost host = builder.Build();

        (await host.Invoking(each => each.StartAsync()).Should().ThrowAsync<OptionsValidationException>())
            .WithMessage($"The quantizer 'classifier': {failure}");
    }

    [Fact]
    public async Task Options_come_from_configuration()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(
            [new("Quantizer:Way", "Half"), new("Quantizer:MaxConcurrency", "2"), new("Quantizer:ProgressInterval", "00:00:05")]);
        builder.Services.AddModelQuantizer().BindConfiguration("Quantizer");
        using IHost host = builder.Build();
        await host.StartAsync();

        ModelQuantizerOptions options = host.Services.GetRequiredService<IOptions<ModelQuantizerOptions>>().Value;

        (options.Way, options.MaxConcurrency, options.ProgressInterval).Should().Be((QuantizationWay.Half, 2, TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void Quantizers_with_names_have_options_of_their_own()
    {
        ServiceCollection services = new();
        services.AddModelQuantizer();
        services.AddModelQuantizer("language", options => options.Way = QuantizationWay.WeightsInt4);
        using ServiceProvider provider = services.BuildServiceProvider();

        IModelQuantizer language = provider.GetRequiredKeyedService<IModelQuantizer>("language");

        language.Name.Should().Be("language");
        provider.GetRequiredKeyedService<IModelQuantizer>("language").Should().BeSameAs(language);
        provider.GetRequiredService<IModelQuantizer>().Name.Should().BeEmpty();
    }
}
