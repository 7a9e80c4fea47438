using Microsoft.ML.OnnxRuntime;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>A float model that is ready to be calibrated and quantized, as often as one likes. Nothing changes it.</summary>
internal sealed record FloatModel(ModelFile File, ModelProto Model, Target Target)
{
    /// <summary>Reads a model and cleans it, and lifts its operator set where there is something to quantize.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="OnnxModelException">The model cannot be read, run or lifted.</exception>
    public static FloatModel Load(string path, Func<SessionOptions>? optionsFactory, TargetRuntime runtime)
    {
        Target target = Targets.Of(runtime);
        ModelFile file = ModelFile.Load(path);
        ModelProto model = ModelCleaner.Clean(path, file.Model, optionsFactory);
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
