using System.Linq.Expressions;
using Microsoft.Extensions.VectorData.ProviderServices;

namespace Quantization.Extensions.AI.Store;

/// <summary>Compiles filters. They see records without vectors, so they must not ask for one.</summary>
internal sealed class FilterCheck : ExpressionVisitor
{
    private readonly CollectionModel _model;
    private readonly ParameterExpression _record;

    private FilterCheck(CollectionModel model, ParameterExpression record)
    {
        _model = model;
        _record = record;
    }

    /// <exception cref="ArgumentException">The filter asks for a vector.</exception>
    public static Func<TRecord, bool> Compile<TRecord>(Expression<Func<TRecord, bool>> filter, CollectionModel model)
    {
        new FilterCheck(model, filter.Parameters[0]).Visit(filter.Body);
        return filter.Compile();
    }

    /// <inheritdoc/>
    protected override Expression VisitMember(MemberExpression node)
    {
        if (node.Expression == _record)
        {
            ThrowIfVector(node.Member.Name);
        }

        return base.VisitMember(node);
    }

    /// <inheritdoc/>
    protected override Expression VisitMethodCall(MethodCallExpression node)
    {
        // Records that are dictionaries are asked by their indexer.
        if (node.Object == _record && node.Arguments is [ConstantExpression { Value: string name }])
        {
            ThrowIfVector(name);
        }

        return base.VisitMethodCall(node);
    }

    private void ThrowIfVector(string name)
    {
        if (_model.VectorProperties.Any(property => property.ModelName == name))
        {
            throw new ArgumentException($"The filter asks for the vector '{name}'; filters can ask for the key and for data.");
        }
    }
}
