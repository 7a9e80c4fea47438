using System.Text;
using Quantization.Samples;

/// <summary>A job for the self-test: the classifier of clothes with images as .npy files.</summary>
internal static class TestJob
{
    private const int HeaderLength = 117;

    public static DirectoryInfo Create()
    {
        DirectoryInfo jobs = Directory.CreateTempSubdirectory("quantization-worker-");
        DirectoryInfo samples = jobs.CreateSubdirectory("clothes/samples");
        FashionImages images = FashionImages.Training;
        for (int i = 0; i < 50; i++)
        {
            WriteNpy(Path.Combine(samples.FullName, $"{i}.npy"), FashionImages.Scale(images[i].Span));
        }

        File.Copy(FashionImages.Model, Path.Combine(jobs.FullName, "clothes", "model.onnx"));
        return jobs;
    }

    private static void WriteNpy(string path, float[] values)
    {
        string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 28, 28), }".PadRight(HeaderLength) + "\n";
        using BinaryWriter writer = new(File.Create(path), Encoding.Latin1);
        writer.Write([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0]);
        writer.Write((ushort)header.Length);
        writer.Write(Encoding.Latin1.GetBytes(header));
        foreach (float value in values)
        {
            writer.Write(value);
        }
    }
}
