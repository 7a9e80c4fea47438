namespace Quantization.Fuzz.Campaigns;

/// <summary>One case: what it does with its seed. The same seed does the same.</summary>
/// <param name="Name">What the command line calls the kind of case.</param>
/// <param name="Run">
/// Runs the case in an empty folder. Returns what became of it, in a word that is counted. Throws a <see cref="FindingException"/>, or any
/// other exception, where something is wrong.
/// </param>
internal sealed record FuzzCase(string Name, Func<int, CaseFolder, string> Run)
{
    /// <summary>All kinds of cases.</summary>
    public static IReadOnlyList<FuzzCase> All { get; } =
    [
        new("models", Mutants.ModelMutants.Run),
        new("files", Mutants.FileMutants.Run),
        new("graphs", Graphs.GraphCases.Run),
    ];

    /// <summary>The kind of case with a name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static FuzzCase Find(string name) => All.FirstOrDefault(each => each.Name == name)
        ?? throw new ArgumentException(
            $"There are no cases '{name}'; there are {string.Join(", ", All.Select(each => each.Name))}.", nameof(name));
}
