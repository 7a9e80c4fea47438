using Microsoft.CodeAnalysis.CSharp;

namespace Quantization.Mutations;

/// <summary>A copy of the repository whose sources are changed and built.</summary>
internal sealed class SourceCopy
{
    private const int MostBuilds = 12;

    private readonly MutationTarget _target;
    private readonly string _folder;
    private readonly HashSet<int> _dropped = [];

    private SourceCopy(MutationTarget target, string folder) => (_target, _folder) = (target, folder);

    /// <summary>The mutants that compile.</summary>
    public IReadOnlyList<Mutant> Mutants { get; private set; } = [];

    /// <summary>The program of the tests.</summary>
    public string TestProgram => Path.Combine(_folder, _target.Tests, "bin", "Debug", "net10.0", Path.GetFileName(_target.Tests));

    /// <summary>Copies the working tree and builds it with all mutants.</summary>
    public static SourceCopy Build(MutationTarget target)
    {
        string root = FindRoot();
        string above = Path.Combine(Path.GetTempPath(), $"quantization-mutations-{target.Name}"), folder = Path.Combine(above, "copy");
        Directory.CreateDirectory(folder);
        string shared = Path.Combine(above, "shared"), given = Path.Combine(Path.GetDirectoryName(root)!, "shared");
        if (Directory.Exists(given) && !Path.Exists(shared))
        {
            Directory.CreateSymbolicLink(shared, given); // tests look for it beside the clone
        }

        foreach (string file in ChildProcess.Run("git", ["-C", root, "ls-files", "-co", "--exclude-standard"])
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(file => File.Exists(Path.Combine(root, file))))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, file))!);
            CopyIfOther(Path.Combine(root, file), Path.Combine(folder, file));
        }

        SourceCopy copy = new(target, folder);
        copy.Build(root);
        return copy;
    }

    private static void CopyIfOther(string from, string to)
    {
        if (!File.Exists(to) || !File.ReadAllBytes(from).AsSpan().SequenceEqual(File.ReadAllBytes(to)))
        {
            File.Copy(from, to, overwrite: true);
        }
    }

    /// <summary>All mutants, those that the compiler refuses too, without a build.</summary>
    public static IReadOnlyList<Mutant> List(MutationTarget target)
    {
        string root = FindRoot();
        return Rewrite(root, FindFiles(root, target), [], (_, _) => { });
    }

    private static string FindRoot() => ChildProcess.Run("git", ["rev-parse", "--show-toplevel"]).Output.Trim();

    /// <summary>Builds, and drops what the compiler refuses, until it takes the rest.</summary>
    private void Build(string root)
    {
        string[] files = FindFiles(root, _target);
        File.WriteAllText(Path.Combine(_folder, _target.Project, "QuantizationMutant.cs"), MutantSwitch.Source);
        for (int i = 0; i < MostBuilds; i++)
        {
            Mutants = Rewrite(root, files, _dropped, (file, changed) => File.WriteAllText(Path.Combine(_folder, file), changed));
            (int code, string output) = ChildProcess.Run(
                "dotnet", ["build", Path.Combine(_folder, _target.Tests), "-v", "q", "-p:RunAnalyzers=false",
                    "-p:TreatWarningsAsErrors=false", "-p:Optimize=true", "-nologo"]);
            if (code == 0)
            {
                return;
            }

            int before = _dropped.Count;
            foreach (CompilerError error in CompilerError.Read(output))
            {
                _dropped.UnionWith(error.FindMutants());
            }

            Console.WriteLine($"the compiler refuses {_dropped.Count - before} of {Mutants.Count} mutants");
            if (_dropped.Count == before)
            {
                throw new InvalidOperationException($"The mutants do not compile: {output}");
            }
        }

        throw new InvalidOperationException($"The mutants do not compile within {MostBuilds} builds.");
    }

    private static string[] FindFiles(string root, MutationTarget target) =>
    [
        .. Directory.EnumerateFiles(Path.Combine(root, target.Project), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(root, file))
            .Where(file => target.Includes(file) && !file.Contains("/obj/") && !file.Contains("/bin/"))
            .Order(StringComparer.Ordinal),
    ];

    private static List<Mutant> Rewrite(string root, string[] files, HashSet<int> dropped, Action<string, string> write)
    {
        List<Mutant> mutants = [];
        int next = 1;
        foreach (string file in files)
        {
            MutantWriter writer = new(file, next, dropped);
            write(file, writer.Visit(CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(root, file))).GetRoot())!.ToFullString());
            mutants.AddRange(writer.Mutants);
            next = writer.Next;
        }

        return mutants;
    }
}
