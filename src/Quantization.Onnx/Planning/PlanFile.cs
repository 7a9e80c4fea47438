using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Quantization.Onnx;

/// <summary>The file of a plan: JSON with a line for each encoding. <c>docs/reference/plans.md</c> has the schema.</summary>
internal static class PlanFile
{
    /// <summary>The version of the schema, and that of files with plans of bodies.</summary>
    public const int Version = 1, WithBodies = 2;

    /// <summary>Where the version and the recipe stand.</summary>
    private const int HeadBytes = 1024;

    /// <summary>Larger files are no plans: a model of 100,000 nodes has one of 60 MB.</summary>
    private const long LargestFile = 1 << 28;

    /// <summary>Whether a file is a plan, whatever its version and whatever was spoilt in it by hand; false where there is none.</summary>
    public static bool IsOne(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using FileStream stream = RegularFile.OpenRead(path);
        byte[] head = new byte[HeadBytes];
        ReadOnlySpan<byte> read = head.AsSpan(0, stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false));
        return read.TrimStart(" \t\r\n"u8).StartsWith("{"u8) && read.IndexOf("\"version\""u8) >= 0 && read.IndexOf("\"recipe\""u8) >= 0;
    }

    /// <summary>Reads a plan.</summary>
    public static QuantizationPlan Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path}: there is no such plan file.", path);
        }

        using FileStream stream = RegularFile.OpenRead(path);
        if (stream.Length > LargestFile)
        {
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture,
                $"{path}: the file has {stream.Length} bytes, more than a plan has; give the file that --save-plan or "
                    + $"QuantizationPlan.Save wrote."));
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(
                stream, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return new PlanReader(path).Read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{path}: the file is no JSON, line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}; repair it, "
                        + $"or write the plan again."),
                e);
        }
        catch (InvalidOperationException e) when (e.InnerException is DecoderFallbackException)
        {
            throw new InvalidDataException($"{path}: a text in the file is not UTF-8; save it as UTF-8, or write the plan again.", e);
        }
    }

    /// <summary>Writes a plan.</summary>
    public static void Write(QuantizationPlan plan, Stream stream)
    {
        using Utf8JsonWriter writer = new(
            stream,
            new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        PlanWriter.Write(plan, writer);
    }
}
