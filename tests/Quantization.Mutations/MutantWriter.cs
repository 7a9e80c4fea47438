using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Quantization.Mutations;

/// <summary>
/// Writes every change into the code at once: each place becomes <c>Switch.Is(17) ? changed : original</c>, so that one build serves all
/// mutants.
/// </summary>
/// <param name="path">The file, from the repository's root.</param>
/// <param name="first">The number of the first mutant.</param>
/// <param name="dropped">Numbers that the compiler refuses.</param>
internal sealed class MutantWriter(string path, int first, IReadOnlySet<int> dropped) : CSharpSyntaxRewriter
{
    private readonly List<Mutant> _mutants = [];
    private int _next = first;

    /// <summary>What the code asks whether a mutant is the one of this run.</summary>
    public const string Switch = "global::QuantizationMutant.Is";

    /// <summary>The mutants of the file.</summary>
    public IReadOnlyList<Mutant> Mutants => _mutants;

    /// <summary>The number after the last one. Numbers stay what they are when some are dropped.</summary>
    public int Next => _next;

    /// <inheritdoc />
    public override SyntaxNode? Visit(SyntaxNode? node)
    {
        if (node is null || MutantRules.IsFixed(node))
        {
            return node;
        }

        SyntaxNode visited = base.Visit(node)!;
        if (node is AssignmentExpressionSyntax assignment && MutantRules.OppositeAssignment(assignment) is { } right)
        {
            return ((AssignmentExpressionSyntax)visited)
                .WithRight(Choose(assignment.Right, ((AssignmentExpressionSyntax)visited).Right, [right]));
        }

        return node is ExpressionSyntax expression && MutantRules.CanBeChosen(expression)
            ? Choose(expression, (ExpressionSyntax)visited, MutantRules.Changes(expression))
            : visited;
    }

    private ExpressionSyntax Choose(ExpressionSyntax original, ExpressionSyntax visited, IEnumerable<ExpressionSyntax> changes)
    {
        ExpressionSyntax result = visited;
        foreach (ExpressionSyntax changed in changes)
        {
            int number = _next++;
            if (dropped.Contains(number))
            {
                continue;
            }

            int line = original.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
            _mutants.Add(new Mutant(number, path, line, original.ToString(), changed.ToString()));
            result = SyntaxFactory.ParenthesizedExpression(SyntaxFactory.ConditionalExpression(
                SyntaxFactory.ParseExpression($"{Switch}({number}) "), Enclose(changed), Enclose(result)));
        }

        return result == visited ? visited : result.WithTriviaFrom(original);
    }

    private static ParenthesizedExpressionSyntax Enclose(ExpressionSyntax expression) =>
        SyntaxFactory.ParenthesizedExpression(expression.WithoutTrivia());
}
