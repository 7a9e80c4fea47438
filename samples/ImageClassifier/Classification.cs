/// <summary>What the service answers.</summary>
internal sealed record Classification(string Class, double Probability);
