using TorchSharp;
namespace Quantization.TorchSharp.Tests;
public class QuickTests {
  [Fact] public void One_step() {
    using var _ = torch.NewDisposeScope();
    torch.random.manual_seed(1);
    var fq = new FakeQuantize(new FakeQuantizeOptions { Format = CodeFormat.Signed(4), Scheme = QuantizationScheme.Symmetric, Range = RangeMode.Learned });
    var lin = torch.nn.Linear(8, 4);
    var seq = torch.nn.Sequential(fq, lin);
    var opt = torch.optim.AdamW(seq.parameters(), 0.01);
    for (int i = 0; i < 3; i++) {
      var x = torch.randn(16, 8);
      var loss = seq.call(x).square().mean();
      opt.zero_grad(); loss.backward(); opt.step();
      Console.WriteLine(loss.item<float>() + " " + string.Join(",", seq.state_dict().Keys) + " " + fq.GetQuantizer().Parameters.Scales[0]);
    }
    fq.Steps.Should().Be(3);
  }
}
