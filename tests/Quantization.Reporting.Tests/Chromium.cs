using System.Diagnostics;
using Quantization.Onnx.Tests;

namespace Quantization.Reporting.Tests;

/// <summary>Opens pages in headless Chromium.</summary>
internal static class Chromium
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>The page's document after loading, as HTML.</summary>
    public static string DumpDom(string page, int width = 1200)
    {
        string? program = Environment.GetEnvironmentVariable("CHROMIUM") ?? Places.FirstOrDefault(File.Exists);
        if (program is null)
        {
            const string Missing =
                "Chromium was not found: install it (apt-get install chromium), or name it in the environment variable CHROMIUM.";
            Assert.SkipWhen(Environment.GetEnvironmentVariable("CI") != "true", Missing);
            Assert.Fail(Missing);
        }

        using TemporaryFolder profile = new();
        ProcessStartInfo start = new(program!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--virtual-time-budget=2000", $"--user-data-dir={profile.FullName}",
                FormattableString.Invariant($"--window-size={width},2000"), "--dump-dom", new Uri(page).AbsoluteUri,
            },
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"Chromium did not finish within {Patience.TotalSeconds} s.");
        }

        process.ExitCode.Should().Be(0, errors.Result);
        return output.Result;
    }
}
