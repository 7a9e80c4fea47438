using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Quantization.Mutations;

/// <summary>A place that the compiler refuses.</summary>
/// <param name="Path">The file.</param>
/// <param name="Line">The line, from 0.</param>
/// <param name="Column">The column, from 0.</param>
internal sealed partial record CompilerError(string Path, int Line, int Column)
{
    /// <summary>Reads what a build writes.</summary>
    public static IEnumerable<CompilerError> Read(string output) => Lines().Matches(output).Select(match => new CompilerError(
        match.Groups[1].Value,
        int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture) - 1,
        int.Parse(match.Groups[3].ValueSpan, CultureInfo.InvariantCulture) - 1))
        .Distinct();

    /// <summary>
    /// The numbers of the mutants that may be why: those of the innermost choice around the place, or else those of the whole member.
    /// </summary>
    public IEnumerable<int> FindMutants()
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(File.ReadAllText(Path));
        SyntaxNode? node = tree.GetRoot().FindToken(tree.GetText().Lines[Line].Start + Column).Parent;
        int[] inside = [.. NumbersOf(node)];
        if (inside.Length > 0)
        {
            return inside;
        }

        ConditionalExpressionSyntax? choice = node?.AncestorsAndSelf().OfType<ConditionalExpressionSyntax>()
            .FirstOrDefault(each => each.Condition.ToString().StartsWith(MutantWriter.Switch, StringComparison.Ordinal));
        return choice is not null
            ? NumbersOf(choice.Condition)
            : NumbersOf(node?.AncestorsAndSelf().OfType<MemberDeclarationSyntax>().FirstOrDefault());
    }

    private static IEnumerable<int> NumbersOf(SyntaxNode? node) =>
        Numbers().Matches(node?.ToString() ?? "").Select(match => int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"^\s*(/[^\n(]+\.cs)\((\d+),(\d+)\): error", RegexOptions.Multiline)]
    private static partial Regex Lines();

    [GeneratedRegex(@"QuantizationMutant\.Is\((\d+)\)")]
    private static partial Regex Numbers();
}
