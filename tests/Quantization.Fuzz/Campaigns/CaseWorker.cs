using System.Globalization;
using Quantization.Onnx;

namespace Quantization.Fuzz.Campaigns;

/// <summary>
/// A child process: runs cases one after another and tells of each before and after, for it may die or hang at any of them.
/// </summary>
internal static class CaseWorker
{
    /// <summary>How the command line of a child begins.</summary>
    public const string Verb = "worker";

    /// <summary>Runs models first in a process of their own.</summary>
    public const string ProbeOption = "--probe";

    /// <summary>How a line begins that tells of a case that begins.</summary>
    public const string Begin = "begin ";

    /// <summary>How a line begins that tells of a case that ended as it should.</summary>
    public const string Fine = "fine ";

    /// <summary>How a line begins that tells of a finding.</summary>
    public const string Found = "found ";

    /// <summary>Runs cases.</summary>
    /// <param name="kind">The kind of cases.</param>
    /// <param name="first">The first number.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="probed">Whether models run first in a process of their own.</param>
    public static int Run(string kind, int first, int count, bool probed)
    {
        FuzzCase each = FuzzCase.Find(kind);
        ModelProbe? probe = probed ? ModelProbe.ThisApplication().WithTimeout(TimeSpan.FromSeconds(20)) : null;
        for (int number = first; number < first + count; number++)
        {
            Say(Begin, number, "");
            try
            {
                using CaseFolder folder = new(Directory.CreateTempSubdirectory("quantization-fuzz-").FullName, probe);
                Say(Fine, number, each.Run(number, folder));
            }
            catch (FindingException e)
            {
                Say(Found, number, e.Message);
            }
            catch (Exception e)
            {
                Exception cause = e.GetBaseException();
                Say(Found, number, $"{e.GetType().Name}: {e.Message} {cause.GetType().Name} {cause.StackTrace}");
            }
        }

        return 0;
    }

    private static void Say(string what, int number, string words)
    {
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}{number} {words.ReplaceLineEndings(" ")}"));
        Console.Out.Flush();
    }
}
