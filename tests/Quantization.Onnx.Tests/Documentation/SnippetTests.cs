using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Quantization.Onnx.Tests.Documentation;

/// <summary>
/// Every C# example of the README, the documents and the packages' pages compiles as it is pasted into an empty program, or behind the
/// examples before it on its page. Blocks that are marked <c>cs</c> list signatures and are nothing to paste.
/// </summary>
public sealed partial class SnippetTests
{
    /// <summary>What a new console project has without being asked.</summary>
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    /// <summary>What the reader brings: a trained net, vectors, an embedding generator and so on.</summary>
    private const string ReadersOwn = """
        global using static ReadersOwn;

        internal static class ReadersOwn
        {
            public static float[] vectors = [], scales = [], values = [], activations = [], mean = [];
            public static float[] result = [];
            public static sbyte[] codes = [];
            public static byte[] bits = [];
            public static System.Numerics.Tensors.Tensor<float> weights = null!;
            public static Quantization.ICalibrator calibrator = null!;
            public static Quantization.TensorStatistics statistics = null!;
            public static string path = "";
            public static Quantization.Onnx.ISampleSource samples = null!;
            public static Microsoft.Extensions.AI.IEmbeddingGenerator<string, Microsoft.Extensions.AI.Embedding<float>> generator = null!;
            public static string[] sentences = [];
            public static TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor> net = null!;
            public static TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor> floatNet = null!;
            public static IEnumerable<(TorchSharp.torch.Tensor Images, TorchSharp.torch.Tensor Labels)> batches = [];
            public static (string Text, double ErrorRate) Decode(IEnumerable<Quantization.Onnx.SampleOutputs> outputs) => ("", 0);
        }
        """;

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Documentation", "pages");

    /// <summary>The framework, the packages and the libraries of this repository. A new project has no test framework.</summary>
    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => !Path.GetFileName(path).Contains("Tests", StringComparison.Ordinal)
                && !Path.GetFileName(path).StartsWith("xunit", StringComparison.Ordinal)
                && !Path.GetFileName(path).StartsWith("FluentAssertions", StringComparison.Ordinal))
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    public static TheoryData<string> Pages => new(
        Directory.GetFiles(Folder, "*.md", SearchOption.AllDirectories)
            .Where(file => Blocks(file).Length > 0).Select(file => Path.GetRelativePath(Folder, file)));

    [Theory]
    [MemberData(nameof(Pages))]
    public void Examples_compile_as_they_are_pasted(string page)
    {
        string[] blocks = Blocks(Path.Combine(Folder, page));
        List<string> errors = [];
        for (int i = 0; i < blocks.Length; i++)
        {
            // An example may go on where the one before it ends, and use a type that another one declares.
            string[] types = [.. blocks.Where((block, other) => other != i && IsType(block))];
            string? error = Compile(blocks[i], types);
            bool isFine = error is null || Enumerable.Range(1, i)
                .Any(before => Compile(Join([.. blocks[(i - before)..(i + 1)].Where(block => !IsType(block))]), types) is null);
            if (!isFine)
            {
                errors.Add($"example {i + 1}: {error}{Environment.NewLine}{blocks[i]}");
            }
        }

        errors.Should().BeEmpty();
    }

    [Fact]
    public void A_missing_namespace_is_noticed()
    {
        Compile("Console.WriteLine(new MaxCalibrator());").Should().Contain("MaxCalibrator");
        Compile("using Quantization;\nConsole.WriteLine(new MaxCalibrator());").Should().BeNull();
    }

    /// <summary>Whether an example is the declaration of a type, for a file of its own.</summary>
    private static bool IsType(string block) =>
        Usings().Replace(block, "").TrimStart().StartsWith("public sealed class", StringComparison.Ordinal);

    private static string[] Blocks(string file) =>
        [.. CSharpBlocks().Matches(File.ReadAllText(file).ReplaceLineEndings("\n")).Select(block => block.Groups[1].Value)];

    /// <summary>Puts the namespaces of all in front, once.</summary>
    private static string Join(string[] blocks) => string.Join(
        '\n', blocks.SelectMany(block => Usings().Matches(block).Select(line => line.Value.Trim()))
            .Distinct().Concat(blocks.Select(block => Usings().Replace(block, ""))));

    /// <summary>The first error; null where there is none.</summary>
    private static string? Compile(string code, params string[] types)
    {
        CSharpParseOptions parsing = new(LanguageVersion.Latest);
        CSharpCompilation compilation = CSharpCompilation.Create(
            "pasted",
            [.. ((string[])[ImplicitUsings, ReadersOwn, code, .. types]).Select(text => CSharpSyntaxTree.ParseText(text, parsing))],
            References,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        return compilation.GetDiagnostics()
            .FirstOrDefault(found => found.Severity == DiagnosticSeverity.Error && found.Id is not "CS5001")?.ToString();
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlocks();

    [GeneratedRegex(@"^using [\w.= <>]+;\n|^using static [\w.]+;\n", RegexOptions.Multiline)]
    private static partial Regex Usings();
}
