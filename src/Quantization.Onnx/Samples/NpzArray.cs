namespace Quantization.Onnx;

/// <summary>An array of an archive whose header was read and checked.</summary>
/// <param name="Name">The model input that it is for.</param>
/// <param name="Entry">Its entry in the archive.</param>
/// <param name="Header">Its header.</param>
internal sealed record NpzArray(string Name, string Entry, NpyHeader Header);
