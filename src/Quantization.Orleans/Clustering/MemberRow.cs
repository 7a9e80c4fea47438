using System.Globalization;
using System.Net;
using Orleans.Runtime;

namespace Quantization.Orleans;

/// <summary>A silo in the file of members.</summary>
internal sealed record MemberRow
{
    public required string Silo { get; init; }

    public required string Etag { get; init; }

    public required SiloStatus Status { get; init; }

    public required string[] Suspectors { get; init; }

    public required DateTime[] SuspectTimes { get; init; }

    public required string HostName { get; init; }

    public required string SiloName { get; init; }

    public required int ProxyPort { get; init; }

    public required DateTime StartTime { get; init; }

    public required DateTime AliveTime { get; init; }

    /// <summary>The row of an entry.</summary>
    public static MemberRow Of(MembershipEntry entry) => new()
    {
        Silo = entry.SiloAddress.ToParsableString(),
        Etag = Guid.NewGuid().ToString("N"),
        Status = entry.Status,
        Suspectors = [.. (entry.SuspectTimes ?? []).Select(each => each.Item1.ToParsableString())],
        SuspectTimes = [.. (entry.SuspectTimes ?? []).Select(each => each.Item2)],
        HostName = entry.HostName ?? "",
        SiloName = entry.SiloName ?? "",
        ProxyPort = entry.ProxyPort,
        StartTime = entry.StartTime,
        AliveTime = entry.IAmAliveTime,
    };

    /// <summary>The entry of the row.</summary>
    public MembershipEntry ToEntry() => new()
    {
        SiloAddress = SiloAddress.FromParsableString(Silo),
        Status = Status,
        SuspectTimes = [.. Suspectors.Zip(SuspectTimes, (silo, time) => Tuple.Create(SiloAddress.FromParsableString(silo), time))],
        HostName = HostName,
        SiloName = SiloName,
        ProxyPort = ProxyPort,
        StartTime = StartTime,
        IAmAliveTime = AliveTime,
    };

    /// <summary>Where clients reach the silo.</summary>
    public Uri ToGateway()
    {
        SiloAddress silo = SiloAddress.FromParsableString(Silo);
        string address = new IPEndPoint(silo.Endpoint.Address, ProxyPort).ToString();
        return new Uri(string.Create(CultureInfo.InvariantCulture, $"gwy.tcp://{address}/{silo.Generation}"));
    }
}
