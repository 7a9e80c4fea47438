namespace Quantization.Onnx;

/// <summary>An advice in words.</summary>
/// <param name="Fact">What is the case.</param>
/// <param name="WayOut">What to do about it; null where nothing has to be done.</param>
internal readonly record struct AdviceText(string Fact, string? WayOut = null)
{
    /// <summary>Both, as one text.</summary>
    public override string ToString() => WayOut is null ? Fact : $"{Fact} {WayOut}";
}
