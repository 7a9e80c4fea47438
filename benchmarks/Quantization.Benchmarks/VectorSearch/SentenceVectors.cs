using System.Runtime.InteropServices;
using Quantization.Benchmarks.Transformers;

namespace Quantization.Benchmarks.VectorSearch;

/// <summary>Embeddings of real sentences: MiniLM's of WordNet's glosses, of length 1. They are computed once and kept in a file.</summary>
internal static class SentenceVectors
{
    /// <summary>The width of MiniLM's embeddings.</summary>
    public const int Dimensions = 384;

    /// <summary>Reads or computes embeddings, one after another.</summary>
    /// <param name="count">How many sentences are embedded.</param>
    public static float[] Take(int count)
    {
        string path = Path.Combine(Path.GetTempPath(), $"quantization-minilm-{count}.f32");
        if (!File.Exists(path))
        {
            Compute(path, count);
        }

        return MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray();
    }

    private static void Compute(string path, int count)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("quantization-minilm-");
        try
        {
            MiniLM model = new(folder.FullName);
            string[] sentences = WordNetGlosses.Take(count);
            float[][] vectors = SentenceEmbeddings.Of(
                model.ModelPath, sentences.Select((sentence, i) => MiniLM.Sample($"sentence {i}", model.Tokenize(sentence))));
            string temporary = path + ".tmp";
            using (FileStream file = File.Create(temporary))
            {
                foreach (float[] vector in vectors)
                {
                    file.Write(MemoryMarshal.AsBytes<float>(vector));
                }
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
