using System.Globalization;
using Quantization.Fuzz.Faults;
using Quantization.Fuzz.Graphs;

namespace Quantization.Fuzz.Campaigns;

/// <summary>
/// The command line: <c>KIND [COUNT [FIRST]] …</c> runs cases and tells what became of them; <c>--seconds N</c> bounds the time.
/// <c>show KIND NUMBER</c> runs one case in this process. <c>kills N</c>, <c>faults PART…</c> and <c>cancellations N</c> disturb the tool
/// and the library; <c>check N [FIRST]</c> asks ONNX's checker about graphs.
/// </summary>
internal static class FuzzCommand
{
    private const int UsualCount = 1000;

    /// <summary>Runs the command.</summary>
    /// <returns>0 where nothing was found, 1 where something was, 2 where the command line makes no sense.</returns>
    public static int Run(string[] arguments)
    {
        try
        {
            if (arguments is ["show", string shown, string number])
            {
                return CaseWorker.Run(shown, CaseNumber.Parse(number), 1, probed: false);
            }

            switch (arguments)
            {
                case ["kills", string kills]:
                    return KillCommand.Run(CaseNumber.Parse(kills)) == 0 ? 0 : 1;
                case ["cancellations", string times]:
                    return CancellationCommand.Run(CaseNumber.Parse(times)) == 0 ? 0 : 1;
                case ["check", string graphs, .. string[] from]:
                    return CheckCommand.Run(CaseNumber.Parse(graphs), CaseNumber.Parse(from.FirstOrDefault("0"))) == 0 ? 0 : 1;
                case ["faults", .. string[] parts]:
                    return FaultCommand.Run(parts) == 0 ? 0 : 1;
            }

            int seconds = Array.IndexOf(arguments, "--seconds");
            TimeSpan limit = seconds < 0
                ? TimeSpan.FromDays(1)
                : TimeSpan.FromSeconds(CaseNumber.Parse(arguments.ElementAtOrDefault(seconds + 1) ?? ""));
            string[] rest = seconds < 0 ? arguments : arguments[..seconds];
            IEnumerable<string> kinds = rest is [string kind, ..] && kind != "all"
                ? [FuzzCase.Find(kind).Name]
                : FuzzCase.All.Select(each => each.Name);
            int count = rest.Length > 1 ? CaseNumber.Parse(rest[1]) : UsualCount, first = rest.Length > 2 ? CaseNumber.Parse(rest[2]) : 0;
            int findings = 0;
            foreach (string each in kinds)
            {
                Campaign campaign = new(each, first, count);
                campaign.Run(limit);
                findings += Tell(each, campaign);
            }

            return findings == 0 ? 0 : 1;
        }
        catch (ArgumentException e)
        {
            Console.Error.WriteLine(e.Message);
            return 2;
        }
    }

    private static int Tell(string kind, Campaign campaign)
    {
        (int Number, string Words)[] findings = [.. campaign.Findings];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind}: {campaign.Done} cases, {findings.Length} findings"));
        foreach ((string outcome, int times) in campaign.Outcomes)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {times,6} {outcome}"));
        }

        foreach ((int number, string words) in findings)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  FOUND {number}: {words}"));
        }

        return findings.Length;
    }
}
