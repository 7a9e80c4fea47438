using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using TorchSharp;
using static TorchSharp.torch.nn;
namespace Quantization.TorchSharp.Tests;
public class QuickTests {
  [Theory]
  [InlineData(8, 8)][InlineData(4,8)][InlineData(4,4)][InlineData(2,2)][InlineData(3,5)]
  public void Export(int w, int a) {
    using var _ = torch.NewDisposeScope();
    torch.random.manual_seed(1);
    var seq = Sequential(Conv2d(1, 8, 3, stride: 2, padding: 1, bias: false), BatchNorm2d(8), ReLU(), Conv2d(8, 16, 3, stride: 2), BatchNorm2d(16), ReLU(), Flatten(), Linear(16*3*3, 10));
    var qat = QuantizationAwareTraining.Prepare(seq, new QatOptions { Default = LayerQuantization.Learned(w, a) });
    Console.WriteLine(string.Join("\n", qat.Layers));
    var opt = torch.optim.AdamW(qat.Module.parameters(), 0.01);
    var x = torch.randn(16, 1, 14, 14); var y = torch.randint(10, new long[] { 16 });
    for (int i = 0; i < 10; i++) {
      var loss = functional.cross_entropy(qat.Module.call(x), y);
      opt.zero_grad(); loss.backward();
      foreach ((string n, var p) in qat.Module.named_parameters()) { if (p.grad is not null && !p.grad.isfinite().all().item<bool>()) { Console.WriteLine("NaN grad " + n + " " + p.grad); } }
 opt.step();
      Console.WriteLine(loss.item<float>());
    }
    qat.Module.eval();
    var expected = qat.Module.call(x).detach().data<float>().ToArray();
    string path = Path.Combine(Path.GetTempPath(), $"q{w}{a}.onnx");
    qat.ExportOnnx([1, 14, 14], path);
    using var s = new InferenceSession(path);
    using var input = OrtValue.CreateTensorValueFromMemory(x.data<float>().ToArray(), [16, 1, 14, 14]);
    using var r = s.Run(new RunOptions(), ["input"], [input], ["output"]);
    var actual = r[0].GetTensorDataAsSpan<float>().ToArray();
    Console.WriteLine(string.Join(" ", expected.Take(5)) + "\n" + string.Join(" ", actual.Take(5)) + " max diff " + expected.Zip(actual, (p, q) => Math.Abs(p - q)).Max() + " " + string.Join(",", qat.Module.state_dict().Keys));
  }
}
