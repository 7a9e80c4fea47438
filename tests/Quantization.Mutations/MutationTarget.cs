namespace Quantization.Mutations;

/// <summary>Sources that are changed, and the tests that have to notice.</summary>
/// <param name="Name">What the command line calls them.</param>
/// <param name="Project">The folder of the project, from the repository's root.</param>
/// <param name="Folders">The folders or files in it that are changed; the project's own folder where all are.</param>
/// <param name="Tests">The folder of the project of tests.</param>
/// <param name="Left">Namespaces of tests that are not asked: they take long, and the others reach the same code.</param>
/// <param name="ByMethod">
/// Whether methods of tests are asked one by one; where code is so busy that finding them takes too long, whole classes are.
/// </param>
/// <param name="Variables">Variables that are set to 0 for a further run each, for code that no run before it reaches.</param>
internal sealed record MutationTarget(
    string Name, string Project, string[] Folders, string Tests, string[] Left, bool ByMethod, params string[] Variables)
{
    /// <summary>All targets.</summary>
    public static IReadOnlyList<MutationTarget> All { get; } =
    [
        new(
            "core", "src/Quantization", [""], "tests/Quantization.Tests", [], false,
            "DOTNET_EnableAVX512", "DOTNET_EnableAVX2", "DOTNET_EnableHWIntrinsic"),
        new(
            "planning", "src/Quantization.Onnx", ["Planning", "Lowering"], "tests/Quantization.Onnx.Tests",
            ["Auto", "Comparing", "Corpus", "CustomOperators", "Documentation", "Evaluation", "GenAi", "RealModels",
                "Samples", "Scoring", "Search", "Sensitivity", "Sessions"],
            ByMethod: true),
        new(
            "mixed-precision", "src/Quantization.Onnx", ["Partial"], "tests/Quantization.Onnx.Tests",
            ["Auto", "Corpus", "GenAi", "RealModels", "Samples"],
            ByMethod: true),
    ];

    /// <summary>The target of a name; null where there is none.</summary>
    public static MutationTarget? Find(string name) => All.FirstOrDefault(each => each.Name == name);

    /// <summary>Whether a file is changed.</summary>
    /// <param name="path">Its path from the repository's root.</param>
    public bool Includes(string path) =>
        path.EndsWith(".cs", StringComparison.Ordinal)
            && Folders.Any(folder => path.StartsWith($"{Project}/{folder}".TrimEnd('/') + "/", StringComparison.Ordinal));
}
