using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using Microsoft.ML.OnnxRuntime;

namespace Quantization.Onnx;

/// <summary>What a calibration was made from and with, beside its model. Immutable.</summary>
/// <param name="Samples">The samples, as the model was fed them.</param>
/// <param name="Settings">The versions and options that made it; several where calibrations of different ones were merged.</param>
internal sealed record CalibrationOrigin(SampleDigest Samples, ImmutableSortedSet<string> Settings)
{
    /// <summary>The most settings that a file may list: more come from no sensible number of machines.</summary>
    public const int MaxSettings = 64;

    /// <summary>The origin of a calibration that this process makes.</summary>
    public static CalibrationOrigin Create(SampleDigest samples, CalibrationOptions options) => new(samples, Sorted(Describe(options)));

    /// <summary>An origin with settings in any order.</summary>
    public static CalibrationOrigin Create(SampleDigest samples, IEnumerable<string> settings) => new(samples, Sorted(settings));

    /// <summary>The versions and options that decide what a calibration sees, in a line.</summary>
    public static string Describe(CalibrationOptions options) => string.Create(
        CultureInfo.InvariantCulture,
        $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}, Quantization.Onnx {LibraryVersion}, NonFinite = "
            + $"{options.NonFinite}{options.Padding.Describe()}");

    /// <summary>The origin of two calibrations together; null where one is not known.</summary>
    public static CalibrationOrigin? Merge(CalibrationOrigin? left, CalibrationOrigin? right) =>
        left is null || right is null ? null : new CalibrationOrigin(left.Samples + right.Samples, left.Settings.Union(right.Settings));

    /// <inheritdoc />
    public bool Equals(CalibrationOrigin? other) => other is not null && Samples == other.Samples && Settings.SetEquals(other.Settings);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Samples, Settings.Count);

    /// <summary>This library's version, without the commit that it was built from.</summary>
    internal static string LibraryVersion { get; } =
        typeof(CalibrationOrigin).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static ImmutableSortedSet<string> Sorted(params IEnumerable<string> settings) =>
        settings.ToImmutableSortedSet(StringComparer.Ordinal);
}
