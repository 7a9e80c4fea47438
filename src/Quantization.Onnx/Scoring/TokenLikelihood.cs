using System.Numerics.Tensors;

namespace Quantization.Onnx;

/// <summary>Gathers the perplexity of a language model: the exponential of the mean negative log-likelihood of each next token.</summary>
internal sealed class TokenLikelihood
{
    private float[] _shifted = [];
    private double _sum;
    private long _tokens;

    /// <summary>The perplexity; null where no token was foretold.</summary>
    public double? Perplexity => _tokens == 0 ? null : Math.Exp(_sum / _tokens);

    /// <summary>Takes in the logits of one row and the token that follows.</summary>
    public void Add(ReadOnlySpan<float> logits, int next)
    {
        if (_shifted.Length != logits.Length)
        {
            _shifted = new float[logits.Length];
        }

        float most = TensorPrimitives.Max(logits);
        TensorPrimitives.Subtract(logits, most, _shifted); // no exponential overflows
        TensorPrimitives.Exp(_shifted, _shifted);
        _sum += Math.Log(TensorPrimitives.Sum<float>(_shifted)) + most - logits[next];
        _tokens++;
    }
}
