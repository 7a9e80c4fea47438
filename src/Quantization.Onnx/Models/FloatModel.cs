using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A float model that is ready to be calibrated and quantized, as often as one likes. Nothing changes it.</summary>
internal sealed record FloatModel(ModelFile File, ModelProto Model, Target Target)
{
    /// <summary>Reads a model and cleans it, and lifts its operator set where there is something to quantize.</summary>
    /// <param name="path">The model's file.</param>
    /// <param name="optionsFactory">The user's session options; null for the defaults.</param>
    /// <param name="runtime">What the quantized model will run on.</param>
    /// <param name="largestInMemory">The tensors of a larger model stay in its files until they are asked for.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or lifted.</exception>
    public static FloatModel Load(
        string path, Func<SessionOptions>? optionsFactory, TargetRuntime runtime, long largestInMemory = ModelStore.LargestInMemory)
    {
        Target target = Targets.Of(runtime);
        ModelFile file = ModelFile.Load(path, largestInMemory);
        ModelProto model = ModelCleaner.Clean(path, file.Model, optionsFactory, largestInMemory);
        if (Planner.Plan(new GraphIndex(model.Graph), target).Nodes.Count > 0)
        {
            foreach (GraphPass pass in StaticInt8Passes.All)
            {
                pass.Apply(path, model);
            }
        }

        return new FloatModel(file, model, target);
    }
}
