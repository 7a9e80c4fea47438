namespace Quantization.Onnx;

/// <summary>A file of a storage, with the content that it must have.</summary>
/// <param name="Name">Its name in the storage.</param>
/// <param name="Sha256">The SHA-256 of its content, in hexadecimal.</param>
internal sealed record StoredFile(string Name, string Sha256);
