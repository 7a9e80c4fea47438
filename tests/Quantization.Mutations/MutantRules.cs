using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Quantization.Mutations;

/// <summary>Which code is changed, and into what.</summary>
internal static class MutantRules
{
    private static readonly Dictionary<SyntaxKind, string[]> Operators = new()
    {
        [SyntaxKind.LessThanExpression] = ["<=", ">="],
        [SyntaxKind.LessThanOrEqualExpression] = ["<", ">"],
        [SyntaxKind.GreaterThanExpression] = [">=", "<="],
        [SyntaxKind.GreaterThanOrEqualExpression] = [">", "<"],
        [SyntaxKind.EqualsExpression] = ["!="],
        [SyntaxKind.NotEqualsExpression] = ["=="],
        [SyntaxKind.AddExpression] = ["-"],
        [SyntaxKind.SubtractExpression] = ["+"],
        [SyntaxKind.MultiplyExpression] = ["/"],
        [SyntaxKind.DivideExpression] = ["*"],
        [SyntaxKind.ModuloExpression] = ["*"],
        [SyntaxKind.LogicalAndExpression] = ["||"],
        [SyntaxKind.LogicalOrExpression] = ["&&"],
        [SyntaxKind.BitwiseAndExpression] = ["|"],
        [SyntaxKind.BitwiseOrExpression] = ["&"],
        [SyntaxKind.ExclusiveOrExpression] = ["&"],
        [SyntaxKind.LeftShiftExpression] = [">>"],
        [SyntaxKind.RightShiftExpression] = ["<<"],
    };

    /// <summary>
    /// Whether neither the code nor what is in it is changed: constants of the compiler, what only words messages, and hash codes.
    /// </summary>
    public static bool IsFixed(SyntaxNode node) =>
        node is AttributeListSyntax or PatternSyntax or CaseSwitchLabelSyntax or EnumMemberDeclarationSyntax or ParameterListSyntax
            or ThrowStatementSyntax or ThrowExpressionSyntax or InterpolatedStringExpressionSyntax or BaseListSyntax or TypeSyntax
            or ConstructorInitializerSyntax
            || (node is FieldDeclarationSyntax field && field.Modifiers.Any(SyntaxKind.ConstKeyword))
            || (node is LocalDeclarationStatementSyntax local && local.Modifiers.Any(SyntaxKind.ConstKeyword))
            || (node is MethodDeclarationSyntax method && method.Identifier.Text is "GetHashCode" or "ToString")
            || (node is InvocationExpressionSyntax call && call.Expression.ToString() is "nameof" or "string.Create" or "Debug.Assert");

    /// <summary>Whether an expression may become one of two: names that it declares would be declared twice.</summary>
    public static bool CanBeChosen(ExpressionSyntax node) =>
        !node.DescendantNodes().Any(each =>
            each is DeclarationExpressionSyntax or SingleVariableDesignationSyntax or LambdaExpressionSyntax or QueryExpressionSyntax)
        && node.Parent is not (RefExpressionSyntax or MemberAccessExpressionSyntax { Parent: ExpressionStatementSyntax });

    /// <summary>What an expression is changed into.</summary>
    public static IEnumerable<ExpressionSyntax> Changes(ExpressionSyntax node)
    {
        switch (node)
        {
            case BinaryExpressionSyntax binary
                when Operators.TryGetValue(binary.Kind(), out string[]? others) && !IsText(binary.Left) && !IsText(binary.Right):
                foreach (string other in others)
                {
                    yield return SyntaxFactory.ParseExpression($"{binary.Left} {other} {binary.Right}");
                }

                break;
            case PrefixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalNotExpression
                or (int)SyntaxKind.UnaryMinusExpression } unary:
                yield return unary.Operand;
                break;
            case LiteralExpressionSyntax { RawKind: (int)SyntaxKind.TrueLiteralExpression }:
                yield return SyntaxFactory.ParseExpression("false");
                break;
            case LiteralExpressionSyntax { RawKind: (int)SyntaxKind.FalseLiteralExpression }:
                yield return SyntaxFactory.ParseExpression("true");
                break;
            case LiteralExpressionSyntax { RawKind: (int)SyntaxKind.NumericLiteralExpression, Parent: not RangeExpressionSyntax } number:
                foreach (string other in Neighbours(number.Token.Value))
                {
                    yield return SyntaxFactory.ParseExpression(other);
                }

                break;
            case InvocationExpressionSyntax or MemberAccessExpressionSyntax or IsPatternExpressionSyntax or IdentifierNameSyntax
                when IsCondition(node):
                yield return SyntaxFactory.ParseExpression($"!({node})");
                break;
        }

        if (IsReturned(node) && node is not LiteralExpressionSyntax)
        {
            yield return SyntaxFactory.ParseExpression("default");
        }
    }

    /// <summary>The other sign of what is added to or taken from a variable; null where the assignment does neither.</summary>
    public static ExpressionSyntax? OppositeAssignment(AssignmentExpressionSyntax node) =>
        node.Kind() is SyntaxKind.AddAssignmentExpression or SyntaxKind.SubtractAssignmentExpression
            && !IsText(node.Right)
            && CanBeChosen(node.Right)
            ? SyntaxFactory.ParseExpression($"-({node.Right})")
            : null;

    private static bool IsText(ExpressionSyntax node) =>
        node is InterpolatedStringExpressionSyntax or LiteralExpressionSyntax { RawKind: (int)SyntaxKind.StringLiteralExpression };

    private static bool IsCondition(ExpressionSyntax node) => node.Parent switch
    {
        IfStatementSyntax statement => statement.Condition == node,
        ConditionalExpressionSyntax conditional => conditional.Condition == node,
        BinaryExpressionSyntax { RawKind: (int)SyntaxKind.LogicalAndExpression or (int)SyntaxKind.LogicalOrExpression } => true,
        _ => false,
    };

    private static bool IsReturned(ExpressionSyntax node) => node.Parent is ReturnStatementSyntax
        || (node.Parent
            is ArrowExpressionClauseSyntax { Parent: MethodDeclarationSyntax { ReturnType: not PredefinedTypeSyntax { Keyword.RawKind: (int)SyntaxKind.VoidKeyword } }
                or PropertyDeclarationSyntax });

    private static string[] Neighbours(object? value) => value switch
    {
        int number => number > 0 ? [Text(number + 1, ""), Text(number - 1, "")] : [Text(number + 1, "")],
        uint number => [Text(number + 1, "u")],
        long number => [Text(number + 1, "L")],
        float number => [Text(number + 1, "f")],
        double number => [Text(number + 1, "d")],
        _ => [],
    };

    private static string Text(IFormattable number, string suffix) => number.ToString(null, CultureInfo.InvariantCulture) + suffix;
}
