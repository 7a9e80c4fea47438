using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A float model that is ready to be calibrated and quantized, as often as one likes. Nothing changes it.</summary>
internal sealed record FloatModel(ModelFile File, ModelProto Model, TargetRuntime Runtime)
{
    /// <summary>Reads a model and cleans it, and lifts its operator set where there is something to quantize.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or lifted.</exception>
    public static FloatModel Load(
        string path, Func<SessionOptions>? optionsFactory, TargetRuntime runtime, long largestInMemory = ModelStore.LargestInMemory)
    {
        ModelFile file = ModelFile.Load(path, largestInMemory);
        ModelProto model = ModelCleaner.Clean(path, file.Model, optionsFactory, largestInMemory);
        if (Planner.Plan(new GraphIndex(model.Graph), runtime).Nodes.Count > 0)
        {
            OpsetLift.Apply(path, model);
            HardSigmoidForm.Apply(model.Graph);
            AffineFolding.Apply(model.Graph);
            UnusedConstants.Remove(model.Graph);
        }

        return new FloatModel(file, model, runtime);
    }
}
