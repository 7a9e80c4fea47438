using Google.Protobuf;
using Quantization.Fuzz.Campaigns;
using Quantization.Fuzz.Recipes;
using Quantization.Onnx;
using Quantization.Onnx.Protos;
using Quantization.Onnx.Tests;

namespace Quantization.Fuzz.Mutants;

/// <summary>
/// Models that are damaged: they are refused with a documented exception and nothing is written, or the model that is written loads. Inputs
/// stay as they are.
/// </summary>
internal static class ModelMutants
{
    /// <summary>Runs the case of a seed.</summary>
    public static string Run(int seed, CaseFolder folder)
    {
        Random random = new(seed);
        (byte[] bytes, SampleList samples) = SeedModels.Get(random.Next(SeedModels.Count));
        string path = folder.Write("model.onnx", random.Next(4) == 0 ? ByteMutator.Mutate(bytes, random) : MutateParts(bytes, random));
        FuzzedRecipe recipe = FuzzedRecipe.All[random.Next(FuzzedRecipe.All.Count)];
        try
        {
            recipe.Run(path, samples, folder["out.onnx"], folder.Probe);
        }
        catch (Exception e) when (FuzzedRecipe.IsDocumented(e))
        {
            folder.CheckAndRemove();
            return $"{recipe.Name}: refused";
        }

        if (File.Exists(folder["out.onnx"]))
        {
            WrittenModel.Load(folder["out.onnx"]).Dispose();
        }

        folder.CheckAndRemove("out.onnx");
        return $"{recipe.Name}: done";
    }

    private static byte[] MutateParts(byte[] bytes, Random random)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(bytes);
        MessageMutator mutator = new(random);
        for (int i = 1 + random.Next(3); i > 0; i--)
        {
            mutator.Mutate(model);
        }

        return model.ToByteArray();
    }
}
