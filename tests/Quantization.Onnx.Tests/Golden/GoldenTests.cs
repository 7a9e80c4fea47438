using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Quantization.Onnx.Tests.Golden;

/// <summary>
/// The files that the library writes, byte for byte as they were when the table was made. A change that should alter no file must leave the
/// table alone; one that should alter files rewrites it, and the table's diff shows which. <c>QUANTIZE_TEST_GOLDEN=all</c> compares every
/// line, <c>QUANTIZE_TEST_GOLDEN=write</c> rewrites the table and adds calibrations that are missing.
/// </summary>
public sealed class GoldenTests(ITestOutputHelper output) : IDisposable
{
    private static readonly string Mode = Environment.GetEnvironmentVariable("QUANTIZE_TEST_GOLDEN") ?? "";

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Groups => [.. IsQuick ? GoldenGroups.Quick : GoldenGroups.All];

    private static bool IsQuick => Mode is not ("all" or "write");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Groups))]
    public void Every_file_has_the_bytes_that_it_had(string group)
    {
        GoldenSubject[] subjects = GoldenGroups.Find(group, _folder);
        if (Mode == "write")
        {
            Array.ForEach(subjects, subject => subject.Calibrate());
        }

        GoldenCase[] cases = [.. subjects.SelectMany(CasesOf).Where(each => each.IsQuick || !IsQuick)];
        ConcurrentDictionary<string, string> actual = new(StringComparer.Ordinal);
        Parallel.ForEach(
            Partitioner.Create(cases, loadBalance: true),
            each => actual.TryAdd(each.Key, Hash(each)).Should().BeTrue($"there is one case '{each.Key}'"));
        if (Mode == "write")
        {
            GoldenTable.Write(group, actual);
        }

        string[] differences = GoldenTable.Compare(GoldenTable.Read(group), actual, isComplete: !IsQuick);
        output.WriteLine($"{cases.Length} files of {subjects.Length} models");
        cases.Should().NotBeEmpty();
        differences.Should().BeEmpty(
            $"no file should differ from Golden/Data/table.txt, but of {cases.Length} these do:\n{string.Join('\n', differences)}\n");
    }

    private static IEnumerable<GoldenCase> CasesOf(GoldenSubject subject)
    {
        IEnumerable<GoldenCase> cases = GoldenCases.OfOptions(subject);
        if (subject.Name == "example" || (subject.Name == "ocr/recognizer" && !IsQuick))
        {
            cases = cases.Concat(GoldenCases.OfSearch(subject)).Concat(GoldenCases.OfPartial(subject));
        }

        return subject.Name == "example" ? cases.Concat(GoldenCases.OfSensitivity(subject)) : cases;
    }

    /// <summary>What is refused has no bytes; the table says so.</summary>
    private string Hash(GoldenCase each)
    {
        try
        {
            return Convert.ToHexStringLower(SHA256.HashData(each.Write()));
        }
        catch (OnnxModelException e)
        {
            output.WriteLine($"{each.Key}: {e.Message}");
            return "refused";
        }
    }
}
